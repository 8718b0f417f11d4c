using System.Collections.Concurrent;
using Celeriac.Amqp.Links;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Amqp.Library;

/// <summary>A connection of RabbitMQ.Client; its own recovery is off.</summary>
internal sealed class LibraryLink : IAmqpLink
{
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(2);
    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<LibraryChannel, bool> _channels = new();

    public LibraryLink(IConnection connection)
    {
        _connection = connection;
        RabbitMqVersion = ServerVersion.Of(HeaderTable.FromLibrary(connection.ServerProperties));
        connection.ConnectionBlockedAsync += OnBlockedAsync;
        connection.ConnectionUnblockedAsync += OnUnblockedAsync;
        connection.ConnectionShutdownAsync += OnShutdownAsync;
    }

    public event Action<string?>? Blocked;

    public event Action? Closed;

    public bool IsOpen => _connection.IsOpen;

    public CloseReason? Reason => LibraryErrors.ReasonOf(_connection.CloseReason);

    public long FrameMax => _connection.FrameMax;

    public Version? RabbitMqVersion { get; }

    public async Task<IAmqpChannel> OpenChannelAsync(bool confirms)
    {
        try
        {
            // Confirmations are tracked by us: the library's own tracking adds a header to each message.
            var options = new CreateChannelOptions(confirms, publisherConfirmationTrackingEnabled: false, null, 1);
            var channel = new LibraryChannel(await _connection.CreateChannelAsync(options, CancellationToken.None).ConfigureAwait(false), confirms);
            _channels[channel] = true;
            channel.Closed += () => _channels.TryRemove(channel, out _);
            if (!channel.IsOpen)
            {
                _channels.TryRemove(channel, out _);
            }
            return channel;
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            throw LibraryErrors.Translate(error, Reason);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.WhenAll(_channels.Keys.Select(channel => channel.SendAcknowledgementsAsync())).WaitAsync(s_closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _connection.CloseAsync(200, "Goodbye", s_closing, abort: true, CancellationToken.None).ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            // It was lost already: there is nobody to say goodbye to.
        }
    }

    private Task OnBlockedAsync(object sender, ConnectionBlockedEventArgs blocked)
    {
        Blocked?.Invoke(blocked.Reason);
        return Task.CompletedTask;
    }

    private Task OnUnblockedAsync(object sender, AsyncEventArgs unblocked)
    {
        Blocked?.Invoke(null);
        return Task.CompletedTask;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        Closed?.Invoke();
        return Task.CompletedTask;
    }
}
