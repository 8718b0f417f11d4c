using System.Threading.Tasks.Sources;

namespace Celeriac.Amqp.Client;

/// <summary>
/// What goes to the server. Whoever has frames writes them into one buffer; the loop takes to the socket what has gathered there while the write before was under way, so a busy connection
/// costs few system calls and an idle one waits for nothing. The loop goes on where it is woken: on the thread of a caller who has nobody beside him, else on the pool.
/// </summary>
internal sealed class FrameOutput : IValueTaskSource, IThreadPoolWorkItem
{
    // Above this large messages wait, so that memory is bounded where the server takes nothing.
    private const int Full = 1 << 20;
    private const int Kept = 64 * 1024;
    private readonly Lock _lock = new();
    private readonly HashSet<IGathered> _gathered = [];
    private ManualResetValueTaskSourceCore<bool> _woken;
    private TaskCompletionSource? _room;
    private byte[] _frames = new byte[Kept];
    private int _length;
    private int _sending;
    private bool _isIdle;
    private bool _ended;
    private bool _wroteSince;

    /// <summary>True where a message may be written without waiting.</summary>
    public bool HasRoom => Volatile.Read(ref _length) + Volatile.Read(ref _sending) < Full;

    /// <summary>Writes whole frames. What is written after the end is dropped: the closed connection has told everybody.</summary>
    public void Write(ReadOnlySpan<byte> frames)
    {
        lock (_lock)
        {
            if (!_ended)
            {
                frames.CopyTo(Reserve(frames.Length));
                Commit(frames.Length);
            }
        }
        Flush(isHere: false);
    }

    /// <summary>Writes frames straight into the output. They leave with the next flush.</summary>
    /// <param name="most">The most bytes that they take.</param>
    /// <param name="write">Writes them and answers their length.</param>
    /// <param name="state">What it needs for that.</param>
    public void Write<TState>(int most, TState state, WriteFrames<TState> write) where TState : allows ref struct
    {
        lock (_lock)
        {
            if (!_ended)
            {
                Commit(write(Reserve(most), state));
            }
        }
    }

    /// <summary>Its frames are asked for when the next write begins.</summary>
    public void Gather(IGathered gathered)
    {
        lock (_lock)
        {
            _gathered.Add(gathered);
        }
    }

    /// <summary>What was written begins to leave. Call it without a lock.</summary>
    /// <param name="isHere">
    /// True where this thread does it: that saves a change of threads and costs a system call, which is worth it where no other frames are near.
    /// </param>
    public void Flush(bool isHere)
    {
        lock (_lock)
        {
            if (!_isIdle || IsEmpty)
            {
                return;
            }
            _isIdle = false;
        }
        if (isHere)
        {
            _woken.SetResult(true);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Asks for what is gathered now.</summary>
    public void TakeGathered()
    {
        IGathered[] gathered;
        lock (_lock)
        {
            if (_gathered.Count == 0)
            {
                return;
            }
            gathered = [.. _gathered];
            _gathered.Clear();
        }
        foreach (var each in gathered)
        {
            each.WriteGathered();
        }
    }

    /// <summary>Returns when there is room for more, or when it has ended.</summary>
    public async ValueTask RoomAsync()
    {
        Task? room = null;
        lock (_lock)
        {
            if (!_ended && !HasRoom)
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }
        }
        if (room is not null)
        {
            await room.ConfigureAwait(false);
        }
    }

    /// <summary>True where nothing was written since the last call: time for a heartbeat.</summary>
    public bool WasQuiet()
    {
        lock (_lock)
        {
            var was = !_wroteSince;
            _wroteSince = false;
            return was;
        }
    }

    /// <summary>Nothing more is taken; <see cref="RunAsync"/> ends when what is here is sent.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _gathered.Clear();
            _room?.TrySetResult();
            if (!_isIdle)
            {
                return;
            }
            _isIdle = false;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Sends until the end.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    public async Task RunAsync(Stream stream)
    {
        var frames = new byte[Kept];
        try
        {
            while (true)
            {
                await MoreAsync().ConfigureAwait(false);
                TakeGathered();
                var length = Take(ref frames);
                if (length > 0)
                {
                    // No token: a frame that is sent by half ends the connection.
                    await stream.WriteAsync(frames.AsMemory(0, length), CancellationToken.None).ConfigureAwait(false);
                }
                if (Sent())
                {
                    return;
                }
            }
        }
        finally
        {
            End();
        }
    }

    void IThreadPoolWorkItem.Execute() => _woken.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _woken.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _woken.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _woken.OnCompleted(continuation, state, token, flags);

    private bool IsEmpty => _length == 0 && _gathered.Count == 0;

    private ValueTask MoreAsync()
    {
        lock (_lock)
        {
            if (!IsEmpty || _ended)
            {
                return ValueTask.CompletedTask;
            }
            _woken.Reset();
            _isIdle = true;
            return new ValueTask(this, _woken.Version);
        }
    }

    /// <summary>Changes the buffers.</summary>
    private int Take(ref byte[] sent)
    {
        lock (_lock)
        {
            // After a large message memory goes back.
            var next = sent.Length > 4 * Kept ? new byte[Kept] : sent;
            sent = _frames;
            (_frames, _sending, _length) = (next, _length, 0);
            return _sending;
        }
    }

    /// <summary>True at the end.</summary>
    private bool Sent()
    {
        lock (_lock)
        {
            _sending = 0;
            if (_length < Full / 2)
            {
                _room?.TrySetResult();
                _room = null;
            }
            return _ended && _length == 0;
        }
    }

    private Span<byte> Reserve(int most)
    {
        if (_frames.Length - _length < most)
        {
            Array.Resize(ref _frames, Math.Max(_frames.Length * 2, _length + most));
        }
        return _frames.AsSpan(_length);
    }

    private void Commit(int length)
    {
        _wroteSince = true;
        _length += length;
    }
}

/// <summary>Writes frames into a span and answers their length.</summary>
internal delegate int WriteFrames<in TState>(Span<byte> target, TState state) where TState : allows ref struct;

/// <summary>Has frames that are made when they leave.</summary>
internal interface IGathered
{
    /// <summary>Writes them into the output.</summary>
    void WriteGathered();
}
