using System.IO.Pipelines;
using System.Net.Sockets;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;

namespace Celeriac.Amqp.Client;

/// <summary>A connection of our own that is logged in: one loop that reads, one that writes, and a timer for heartbeats.</summary>
internal sealed partial class AmqpClient : IAmqpLink
{
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(2);
    private readonly AmqpSocket _socket;
    private readonly LoginResult _login;
    private readonly AmqpChannel?[] _channels;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _goodbye = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _heartbeats;
    private volatile CloseReason? _reason;
    private Task _loops = Task.CompletedTask;

    /// <param name="socket">The connection, logged in.</param>
    /// <param name="login">What was agreed on.</param>
    /// <param name="patience">How long an answer may take.</param>
    /// <param name="time">The clock.</param>
    public AmqpClient(AmqpSocket socket, LoginResult login, TimeSpan patience, TimeProvider time)
    {
        (_socket, _login, Patience, Time) = (socket, login, patience, time);
        _channels = new AmqpChannel?[login.ChannelMax + 1];
        if (login.Heartbeat > TimeSpan.Zero)
        {
            _heartbeats = time.CreateTimer(_ => Beat(), null, login.Heartbeat / 2, login.Heartbeat / 2);
        }
    }

    public event Action<string?>? Blocked;

    public event Action? Closed;

    public bool IsOpen => _reason is null;

    public CloseReason? Reason => _reason;

    public long FrameMax => _login.FrameMax;

    public Version? RabbitMqVersion => _login.RabbitMqVersion;

    /// <summary>The largest frame that goes out.</summary>
    public int FrameLimit => _login.FrameMax;

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Patience { get; }

    public TimeProvider Time { get; }

    public FrameOutput Output { get; } = new();

    /// <summary>For the reading loop only.</summary>
    public TextPool Texts { get; } = new();

    public void Start()
    {
        _socket.Silence.Start(_login.Heartbeat);
        _loops = Task.WhenAll(Task.Run(ReadAsync), Task.Run(WriteAsync));
    }

    public async Task<IAmqpChannel> OpenChannelAsync(bool confirms)
    {
        var channel = NewChannel();
        await channel.OpenAsync(confirms).ConfigureAwait(false);
        return channel;
    }

    /// <summary>The channel's number is free again.</summary>
    public void Forget(AmqpChannel channel) => Volatile.Write(ref _channels[channel.Number], null);

    public async ValueTask DisposeAsync()
    {
        if (IsOpen)
        {
            Output.TakeGathered();
            Output.Write(new MethodFrame(0, Methods.ConnectionClose).UInt16(200).Short("Goodbye").UInt32(0).Finish());
            await _goodbye.Task.WaitAsync(s_closing, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        End(new CloseReason(false, 200, "Goodbye"));
        // What is still to be sent, the answer to the server's goodbye perhaps, has a moment; then the socket's end ends the loops.
        await _loops.WaitAsync(s_closing / 4, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private AmqpChannel NewChannel()
    {
        lock (_lock)
        {
            if (_reason is { } reason)
            {
                throw new AmqpClosedException(reason);
            }
            for (var number = 1; number < _channels.Length; number++)
            {
                if (_channels[number] is null)
                {
                    return _channels[number] = new AmqpChannel(this, (ushort)number);
                }
            }
        }
        throw new AmqpClosedException(new CloseReason(false, 0, $"all {_channels.Length - 1} channels of the connection are in use"));
    }

    private void Beat()
    {
        if (Output.WasQuiet())
        {
            ReadOnlySpan<byte> heartbeat = [(byte)FrameType.Heartbeat, 0, 0, 0, 0, 0, 0, Frame.End];
            Output.Write(heartbeat);
        }
    }

    /// <summary>Whoever waits on this connection gets the reason; nothing more comes and nothing more is taken.</summary>
    private void End(CloseReason reason)
    {
        AmqpChannel?[] channels;
        lock (_lock)
        {
            if (_reason is not null)
            {
                return;
            }
            _reason = reason;
            channels = [.. _channels];
        }
        _heartbeats?.Dispose();
        Output.End();
        // The connection first: a channel whose connection lives would be taken for refused.
        Closed?.Invoke();
        foreach (var channel in channels)
        {
            channel?.End(reason);
        }
        _goodbye.TrySetResult();
    }
}
