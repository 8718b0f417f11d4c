using System.Text.Json;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Results;
using Microsoft.Extensions.Logging;

namespace Celeriac.Events;

/// <summary>
/// Sends the events of one node. Sending only puts the event into a bounded queue: it never waits and never fails. A thread of the dispatcher's own, which also
/// beats the heart, starts one publish after the other; what has gathered meanwhile travels in one message. The thread is made by the first event.
/// </summary>
internal sealed class EventDispatcher(ITransport transport, string exchange, string hostname, LogicalClock clock, TimeProvider time, ILogger log, bool gathersTaskEvents) : IAsyncDisposable
{
    private const int MostTogether = 24;
    private const int MostWaiting = 10_000;
    private const long MostBytesWaiting = 16 << 20;
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestGoodbye = TimeSpan.FromSeconds(2);

    private readonly EventWriter _writer = new(hostname, clock, time);
    private readonly EventQueue _queue = new(MostWaiting, MostBytesWaiting);
    private readonly List<QueuedEvent> _batch = [];
    private readonly ManualResetEventSlim _wake = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _starting = new();
    private Task _sending = Task.CompletedTask;
    private Answer _answer;
    private (TimeSpan Interval, Action Act)? _regularly;
    private long _pausedUntil;
    private long _tellDroppedFrom;
    private bool _isStarted;
    private bool _isDeclared;
    private bool _tellsFailure = true;
    private volatile bool _isClosing;
    private volatile bool _isImpossible;

    // How the last publish ended. Written before its task ends, read after.
    private enum Answer
    {
        Sent,
        Later,
        Lost,
    }

    /// <summary>The node's name.</summary>
    public string Hostname => hostname;

    /// <summary>How many events were dropped because the broker was away for too long.</summary>
    public long Dropped => _queue.Dropped;

    /// <summary>Sends an event; <paramref name="fields"/> writes what it has beyond the fields of every event. Returns at once, whatever the broker does.</summary>
    public void Send<TState>(string type, TState state, Action<Utf8JsonWriter, TState> fields)
    {
        if (_isClosing || _isImpossible)
        {
            return;
        }
        try
        {
            var gathers = gathersTaskEvents && type.StartsWith(EventExchange.TaskGroup, StringComparison.Ordinal);
            var body = _writer.Write(type, state, fields);
            _queue.Add(new QueuedEvent(body, gathers ? null : EventExchange.RoutingKeyOf(type), type == EventTypes.WorkerHeartbeat));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // An event is news about work; it must not harm the work.
            Log.EventNotWritten(log, error, type);
            return;
        }
        Start();
        _wake.Set();
    }

    /// <summary>From here on the dispatcher's thread acts at this interval; null ends it.</summary>
    public void Regularly(TimeSpan interval, Action? act)
    {
        _regularly = act is null ? null : (interval, act);
        Start();
        _wake.Set();
    }

    /// <summary>Sends what waits where the broker is there, for a short time only.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_starting)
        {
            _regularly = null;
            _isClosing = true;
            if (!_isStarted)
            {
                return;
            }
        }
        _wake.Set();
        try
        {
            var patience = transport.Health.State == ConnectionState.Connected ? s_longestGoodbye : TimeSpan.Zero;
            await _ended.Task.WaitAsync(patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _giveUp.CancelAsync().ConfigureAwait(false);
            _wake.Set();
            await _ended.Task.ConfigureAwait(false);
        }
    }

    private void Start()
    {
        if (Volatile.Read(ref _isStarted))
        {
            return;
        }
        lock (_starting)
        {
            if (!_isStarted && !_isClosing)
            {
                // Not the thread pool: user code that blocks it must not make a worker look dead. Background: nothing waits for news.
                new Thread(Run) { IsBackground = true, Name = "celeriac events" }.Start();
                Volatile.Write(ref _isStarted, true);
            }
        }
    }

    private void Run()
    {
        var lastAct = Environment.TickCount64;
        while (true)
        {
            _wake.Reset();
            lastAct = ActWhenDue(lastAct);
            if (!Advance())
            {
                break;
            }
            _wake.Wait(WaitFrom(lastAct));
        }
        _ended.TrySetResult();
    }

    private long ActWhenDue(long lastAct)
    {
        if (_regularly is not { } regularly)
        {
            return Environment.TickCount64;
        }
        if (Environment.TickCount64 - lastAct < (long)regularly.Interval.TotalMilliseconds)
        {
            return lastAct;
        }
        regularly.Act();
        return Environment.TickCount64;
    }

    /// <summary>Starts the next publish where none is under way; false once the dispatcher is closed and has nothing more to do.</summary>
    private bool Advance()
    {
        while (_sending.IsCompleted)
        {
            TakeAnswer();
            if (_isClosing && (_giveUp.IsCancellationRequested || (_batch.Count == 0 && _queue.IsEmpty)))
            {
                return false;
            }
            if (Environment.TickCount64 < _pausedUntil)
            {
                return true;
            }
            if (_batch.Count == 0)
            {
                _queue.TakeInto(_batch, MostTogether);
            }
            if (_batch.Count == 0)
            {
                return true;
            }
            _sending = SendBatchAsync();
            _ = _sending.ContinueWith(static (_, wake) => ((ManualResetEventSlim)wake!).Set(), _wake, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        return true;
    }

    private void TakeAnswer()
    {
        if (_answer != Answer.Later)
        {
            _batch.Clear();
        }
        if (_answer != Answer.Sent)
        {
            _pausedUntil = Environment.TickCount64 + (long)s_pauseAfterFailure.TotalMilliseconds;
        }
        _answer = Answer.Sent;
    }

    private int WaitFrom(long lastAct)
    {
        var now = Environment.TickCount64;
        var wait = long.MaxValue;
        if (_regularly is { } regularly)
        {
            wait = lastAct + (long)regularly.Interval.TotalMilliseconds - now;
        }
        if (_sending.IsCompleted && _pausedUntil > now)
        {
            wait = Math.Min(wait, _pausedUntil - now);
        }
        return wait == long.MaxValue ? Timeout.Infinite : (int)Math.Clamp(wait, 0, int.MaxValue);
    }

    private async Task SendBatchAsync()
    {
        try
        {
            if (_isDeclared || await DeclareAsync().ConfigureAwait(false))
            {
                await transport.PublishAsync(EventExchange.Publish(_batch, exchange, hostname), _giveUp.Token).ConfigureAwait(false);
                TellDropped();
            }
        }
        catch (Exception error) when (_giveUp.IsCancellationRequested || error is ObjectDisposedException or PublishUnknownException)
        {
            // What may have arrived is not sent again: an event that comes twice is worse than one that is missing.
            _answer = Answer.Lost;
        }
        catch (TransportException error) when (error is not TransportRefusedException)
        {
            _answer = Answer.Later;
        }
        catch (Exception error)
        {
            TellRefused(error);
            _answer = Answer.Lost;
        }
    }

    private async ValueTask<bool> DeclareAsync()
    {
        // What the server can do is known once it is connected.
        await transport.ConnectPatientlyAsync().WaitAsync(_giveUp.Token).ConfigureAwait(false);
        if (!EventExchange.IsPossible(transport))
        {
            _isImpossible = true;
            _queue.Clear();
            Log.EventsImpossible(log, hostname, transport.Name);
            return false;
        }
        await transport.DeclareAsync(EventExchange.TopologyOf(exchange, transport), _giveUp.Token).ConfigureAwait(false);
        _isDeclared = true;
        return true;
    }

    private void TellRefused(Exception error)
    {
        // Somebody may have deleted the exchange: the next try declares it again. Said once, not once an event.
        _isDeclared = false;
        if (_tellsFailure)
        {
            _tellsFailure = false;
            Log.EventsRefused(log, error, hostname);
        }
    }

    private void TellDropped()
    {
        _tellsFailure = true;
        var dropped = _queue.Dropped;
        if (dropped > _tellDroppedFrom)
        {
            Log.EventsDropped(log, hostname, dropped - _tellDroppedFrom);
            _tellDroppedFrom = dropped;
        }
    }
}
