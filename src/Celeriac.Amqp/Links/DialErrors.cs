using Celeriac.Messaging;

namespace Celeriac.Amqp.Links;

/// <summary>Why a server cannot be used, in words.</summary>
internal static class DialErrors
{
    /// <summary>The user where the URL names none, as RabbitMQ has it.</summary>
    public const string DefaultUser = "guest";

    public static TransportRefusedException Tls(BrokerUrl server, Exception cause, Exception error) =>
        new($"'{server}' cannot be reached over TLS: {cause.Message} Check the options ca, server_name and client_certificate.", error);

    public static TransportException EndedAfterTls(BrokerUrl server, Exception error) => new(
        $"'{server}' ended the connection right after the TLS handshake. It may ask for a certificate of the client, or not trust the one it got. Name one that it trusts with client_certificate, or look into the server's log.", error);

    public static TransportRefusedException Login(BrokerUrl server, bool isExternal, Exception? error) => new(
        isExternal
            ? $"'{server}' refused the login by certificate. Check client_certificate, and that the server has the plug-in rabbitmq_auth_mechanism_ssl."
            : $"'{server}' refused user '{server.User ?? DefaultUser}': wrong password, or the user may not log in from here. Check user and password in the URL.",
        error);

    public static TransportRefusedException NoExternal(BrokerUrl server, Exception? error) =>
        new($"'{server}' offers no login by certificate. Enable its plug-in rabbitmq_auth_mechanism_ssl, or leave out auth=external.", error);

    public static TransportException Unreachable(BrokerUrl server, Exception cause, Exception error) =>
        new($"'{server}' cannot be reached: {cause.Message}. Check that RabbitMQ runs there, and host and port in the URL.", error);

    public static TransportException Silent(BrokerUrl server, TimeSpan limit, Exception error) =>
        new($"'{server}' did not answer within {limit.TotalSeconds:0.###} s. Check that RabbitMQ runs there, or raise connect_timeout.", error);

    public static TransportException Other(BrokerUrl server, Exception error) => new($"'{server}' cannot be reached: {error.GetBaseException().Message}", error);
}
