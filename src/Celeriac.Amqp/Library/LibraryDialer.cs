using System.Net.Sockets;
using System.Security.Authentication;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Celeriac.Amqp.Library;

/// <summary>Connects to one server with RabbitMQ.Client; says in words why it cannot.</summary>
internal sealed class LibraryDialer(AmqpOptions options, TimeProvider time) : IAmqpDialer
{
    // RabbitMQ's own hard limit: a larger message never comes, and one that is allowed there must not cost the connection here.
    private const uint LargestBody = 512u << 20;

    public async Task<IAmqpLink> DialAsync(BrokerUrl server, CancellationToken cancellationToken)
    {
        try
        {
            return new LibraryLink(await ConnectAsync(server, cancellationToken).ConfigureAwait(false));
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
            client!.Gather(connection);
            client.Silence.Start(connection.Heartbeat);
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
            throw DialErrors.EndedAfterTls(server, error);
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
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error) || error is SocketException or AuthenticationException)
        {
            // Nobody wants it any more.
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
                    return DialErrors.Tls(server, cause, error);
                case PossibleAuthenticationFailureException:
                    return DialErrors.Login(server, options.IsExternal, error);
                case OperationInterruptedException { ShutdownReason: { } reason } when AmqpErrors.IsRefusal(LibraryErrors.ReasonOf(reason)):
                    return AmqpErrors.Explain(LibraryErrors.ReasonOf(reason), $"'{server}' cannot be used", error);
                case IOException when options.IsExternal && cause.Message.Contains("authentication mechanism", StringComparison.OrdinalIgnoreCase):
                    return DialErrors.NoExternal(server, error);
                case SocketException:
                    return DialErrors.Unreachable(server, cause, error);
                case TimeoutException:
                    return DialErrors.Silent(server, options.Reconnect.ConnectTimeout, error);
            }
        }
        return DialErrors.Other(server, error);
    }
}
