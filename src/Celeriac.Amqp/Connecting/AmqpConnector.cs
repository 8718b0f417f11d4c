using Celeriac.Amqp.Client;
using Celeriac.Amqp.Library;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Connecting;

/// <summary>Connects to one server and proves that it can be used.</summary>
internal sealed class AmqpConnector(AmqpOptions options, TimeProvider time, ILogger log)
{
    private readonly IAmqpDialer _dialer = options.IsOwnClient ? new ClientDialer(options, time) : new LibraryDialer(options, time);

    /// <exception cref="TransportRefusedException">The server refuses the user, the virtual host or the certificate.</exception>
    /// <exception cref="TransportException">The server cannot be reached.</exception>
    public async Task<AmqpConnection> OpenAsync(BrokerUrl server, CancellationToken cancellationToken)
    {
        var opened = new AmqpConnection(await _dialer.DialAsync(server, cancellationToken).ConfigureAwait(false), server.ToString(), log);
        try
        {
            // A login may succeed before the server has looked at the virtual host; the first channel tells.
            await opened.AskAsync($"'{server}' cannot be used", _ => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
