using System.Net.Sockets;
using System.Security.Authentication;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Celeriac.Amqp.Connecting;

/// <summary>Connects to one server and logs in; says in words why it cannot.</summary>
internal sealed class AmqpConnector(AmqpOptions options, TimeProvider time, ILogger log)
{
    // RabbitMQ's own hard limit: a larger message never comes, and one that is allowed there must not cost the connection here.
    private const uint LargestBody = 512u << 20;

    /// <exception cref="TransportRefusedException">The server refuses the user, the virtual host or the certificate.</exception>
    /// <exception cref="TransportException">The server cannot be reached.</exception>
    public async Task<AmqpConnection> OpenAsync(BrokerUrl server, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await ConnectAsync(server, cancellationToken).ConfigureAwait(false);
            var opened = new AmqpConnection(connection, server.ToString(), log);
            await ProveAsync(opened, server, cancellationToken).ConfigureAwait(false);
            return opened;
        }
        catch (Exception error) when (error is BrokerUnreachableException or SocketException or IOException or AuthenticationException or RabbitMQClientException)
        {
            throw Explain(server, error);
        }
    }

    /// <summary>A try that is given up says a long goodbye to a server that does not answer; nobody need wait for that.</summary>
    private async Task<IConnection> ConnectAsync(BrokerUrl server, CancellationToken cancellationToken)
    {
        var tls = options.Tls is { } asked ? BrokerTls.OptionsFor(asked, server) : null;
        MendingClient? client = null;
        var factory = Factory(server);
        // Called for each address that is tried; the last one is connected.
        factory.SocketFactory = family => client = new MendingClient(family, tls, time);
        var connecting = factory.CreateConnectionAsync(cancellationToken);
        try
        {
            var connection = await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
            LibraryHeartbeat.TryDisarm(connection);
            client!.Silence.Start(connection.Heartbeat);
            return connection;
        }
        catch (OperationCanceledException)
        {
            _ = DropAsync(connecting);
            throw;
        }
        catch (Exception error) when (error is BrokerUnreachableException or OperationInterruptedException && client is { IsEncrypted: true } && IsEndedByServer(error))
        {
            // With TLS 1.3 a server looks at the client's certificate when the client holds the handshake for done.
            throw new TransportException(
                $"'{server}' ended the connection right after the TLS handshake. It may ask for a certificate of the client, or not trust the one it got. Name one that it trusts with client_certificate, or look into the server's log.", error);
        }
    }

    /// <summary>True where the connection just ended, and nobody said why, except perhaps in an alert of TLS.</summary>
    private static bool IsEndedByServer(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException or EndOfStreamException or AuthenticationException or System.Security.Cryptography.CryptographicException
                or OperationInterruptedException { ShutdownReason.Initiator: ShutdownInitiator.Library })
            {
                return true;
            }
            if (cause is PossibleAuthenticationFailureException or OperationInterruptedException)
            {
                return false;
            }
        }
        return false;
    }

    private static async Task DropAsync(Task<IConnection> connecting)
    {
        try
        {
            await (await connecting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error) || error is SocketException or AuthenticationException)
        {
            // Nobody wants it any more.
        }
    }

    /// <summary>The library does not wait for the server's answer about the virtual host; the first channel tells.</summary>
    private static async Task ProveAsync(AmqpConnection opened, BrokerUrl server, CancellationToken cancellationToken)
    {
        try
        {
            await opened.AskAsync($"'{server}' cannot be used", _ => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ConnectionFactory Factory(BrokerUrl server)
    {
        var factory = new ConnectionFactory
        {
            HostName = server.Host,
            Port = server.Port ?? (options.Tls is null ? 5672 : 5671),
            VirtualHost = server.Path,
            UserName = server.User ?? ConnectionFactory.DefaultUser,
            Password = server.Password ?? ConnectionFactory.DefaultPass,
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = options.Reconnect.Heartbeat,
            RequestedConnectionTimeout = options.Reconnect.ConnectTimeout,
            HandshakeContinuationTimeout = options.Reconnect.ConnectTimeout,
            // A queue that answers nothing must cost less than the limit within which all is restored on a new connection.
            ContinuationTimeout = options.Reconnect.ConnectTimeout * 2,
            MaxInboundMessageBodySize = LargestBody,
            ClientProvidedName = $"celeriac {Environment.ProcessId}@{Environment.MachineName}",
        };
        if (options.IsExternal)
        {
            factory.AuthMechanisms = [new ExternalMechanismFactory()];
        }
        return factory;
    }

    private TransportException Explain(BrokerUrl server, Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case AuthenticationException or System.Security.Cryptography.CryptographicException:
                    return new TransportRefusedException($"'{server}' cannot be reached over TLS: {cause.Message} Check the options ca, server_name and client_certificate.", error);
                case PossibleAuthenticationFailureException when options.IsExternal:
                    return new TransportRefusedException($"'{server}' refused the login by certificate. Check client_certificate, and that the server has the plug-in rabbitmq_auth_mechanism_ssl.", error);
                case PossibleAuthenticationFailureException:
                    return new TransportRefusedException($"'{server}' refused user '{server.User ?? ConnectionFactory.DefaultUser}': wrong password, or the user may not log in from here. Check user and password in the URL.", error);
                case OperationInterruptedException { ShutdownReason: { } reason } when AmqpErrors.IsRefusal(reason):
                    return AmqpErrors.Explain(reason, $"'{server}' cannot be used", error);
                case IOException when options.IsExternal && cause.Message.Contains("authentication mechanism", StringComparison.OrdinalIgnoreCase):
                    return new TransportRefusedException($"'{server}' offers no login by certificate. Enable its plug-in rabbitmq_auth_mechanism_ssl, or leave out auth=external.", error);
                case SocketException socket:
                    return new TransportException($"'{server}' cannot be reached: {socket.Message}. Check that RabbitMQ runs there, and host and port in the URL.", error);
                case TimeoutException:
                    return new TransportException($"'{server}' did not answer within {options.Reconnect.ConnectTimeout.TotalSeconds:0.###} s. Check that RabbitMQ runs there, or raise connect_timeout.", error);
            }
        }
        return new TransportException($"'{server}' cannot be reached: {error.GetBaseException().Message}", error);
    }
}
