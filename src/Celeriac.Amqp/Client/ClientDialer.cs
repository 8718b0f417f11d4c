using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Amqp.Client;

/// <summary>Connects to one server and logs in; says in words why it cannot.</summary>
internal sealed class ClientDialer(AmqpOptions options, TimeProvider time) : IAmqpDialer
{
    public async Task<IAmqpLink> DialAsync(BrokerUrl server, CancellationToken cancellationToken)
    {
        var tls = options.Tls is { } asked ? BrokerTls.OptionsFor(asked, server) : null;
        AmqpSocket? socket = null;
        Login? login = null;
        try
        {
            socket = await AmqpSocket.ConnectAsync(server.Host, server.Port ?? (tls is null ? 5672 : 5671), tls, time, cancellationToken).ConfigureAwait(false);
            login = new Login(socket, server, options);
            // A queue that answers nothing must cost less than the limit within which all is restored on a new connection.
            var client = new AmqpClient(socket, await login.RunAsync(cancellationToken).ConfigureAwait(false), options.Reconnect.ConnectTimeout * 2, time);
            client.Start();
            return client;
        }
        catch (Exception error)
        {
            socket?.Dispose();
            if (error is OperationCanceledException or TransportException)
            {
                throw;
            }
            throw Explain(server, error, login?.Step);
        }
    }

    private TransportException Explain(BrokerUrl server, Exception error, LoginStep? step) => (error, step) switch
    {
        (AuthenticationException or CryptographicException, null) => DialErrors.Tls(server, error, error),
        (SocketException, null) => DialErrors.Unreachable(server, error, error),
        (NotSupportedException, _) => options.IsExternal ? DialErrors.NoExternal(server, error) : DialErrors.Other(server, error),
        // With TLS 1.3 a server looks at the client's certificate when the client holds the handshake for done.
        (not AmqpFormatException, LoginStep.Greeting) when options.Tls is not null => DialErrors.EndedAfterTls(server, error),
        (AmqpClosedException { Reason: null or { Code: 403 } }, LoginStep.User) => DialErrors.Login(server, options.IsExternal, error),
        (AmqpClosedException { Reason: { } reason }, _) when AmqpErrors.IsRefusal(reason) => AmqpErrors.Explain(reason, $"'{server}' cannot be used", error),
        (IOException, null) when options.Tls is not null => DialErrors.Tls(server, error, error),
        _ => DialErrors.Other(server, error),
    };
}
