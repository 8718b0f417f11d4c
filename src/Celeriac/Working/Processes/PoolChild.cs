using System.Diagnostics.CodeAnalysis;

namespace Celeriac.Working.Processes;

/// <summary>A child process as the worker sees it: one run at a time, until it ends.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Whatever it holds is released when the process is gone.")]
internal sealed class PoolChild
{
    // What an ended process has still said is on its way for a moment at most.
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);
    // How long a process that was asked to end may take to do it.
    private static readonly TimeSpan s_leaving = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_dying = TimeSpan.FromSeconds(2);
    private readonly ChildProcess _process;
    private readonly FrameConnection _connection;
    private readonly ChildEars _ears;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource<RunReport?>? _run;
    private TaskRequest? _request;
    private bool _isGone;

    public PoolChild(ChildProcess process, FrameConnection connection, ChildEars ears, TimeProvider time)
    {
        (_process, _connection, _ears, _time) = (process, connection, ears, time);
        Gone = LiveAsync();
    }

    public int Id => _process.Id;

    /// <summary>Ends with the process, after its last words.</summary>
    public Task Gone { get; }

    /// <summary>True once it was given a run: who dies later dies of that, and not of the way in which it is started.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>True once the worker has ended it, for its task's sake or its own.</summary>
    public bool WasKilled { get; private set; }

    /// <summary>How many runs it has ended.</summary>
    public int Runs { get; private set; }

    /// <summary>How much memory it held after the last of them.</summary>
    public long ResidentBytes { get; private set; }

    /// <summary>Of which restart of the pool it is.</summary>
    public int Generation { get; init; }

    /// <summary>How it ended, once it is gone.</summary>
    public string Status => Signals.Status(_process.ExitCode);

    /// <summary>Runs a task; null where the process is gone before it has ended.</summary>
    /// <exception cref="ArgumentException">The message is too large.</exception>
    public async Task<RunReport?> RunAsync(TaskRequest request, ReadOnlyMemory<byte> order)
    {
        var run = new TaskCompletionSource<RunReport?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isGone)
            {
                return null;
            }
            (_run, _request, HasBegun) = (run, request, true);
        }
        await TellAsync(FrameKind.Run, order).ConfigureAwait(false);
        var report = await run.Task.ConfigureAwait(false);
        if (report is not null)
        {
            Runs++;
            ResidentBytes = report.ResidentBytes;
        }
        return report;
    }

    /// <summary>Asks the run to end: it stops with the worker, or remote control wants it.</summary>
    public Task AskAsync(FrameKind kind, long job) => TellAsync(kind, Payload.Write(writer => writer.Write(job)));

    /// <summary>Ends the process by a signal, and if it does not end of that, for certain.</summary>
    public async Task EndAsync(string signal)
    {
        WasKilled = true;
        if (OperatingSystem.IsWindows() || signal == Signals.Kill)
        {
            Kill();
            return;
        }
        if (signal is Signals.Terminate or "SIGINT")
        {
            // These come from a terminal or service manager to all processes at once, so that a child heeds them only on the worker's word.
            await TellAsync(FrameKind.Die, Payload.Write(writer => writer.PutText(signal))).ConfigureAwait(false);
        }
        else
        {
            _process.Signal(signal);
        }
        await WaitAsync(s_dying).ConfigureAwait(false);
    }

    public void Kill()
    {
        WasKilled = true;
        _process.Kill();
    }

    /// <summary>Lets an idle process leave in order.</summary>
    public Task RetireAsync()
    {
        _connection.FinishSending();
        return WaitAsync(s_leaving);
    }

    private async Task WaitAsync(TimeSpan limit)
    {
        try
        {
            await _process.Ended.WaitAsync(limit, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill();
        }
    }

    private async Task TellAsync(FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        try
        {
            await _connection.SendAsync(kind, payload).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It is gone, which the reading side sees and tells.
        }
    }

    private async Task LiveAsync()
    {
        var reading = Task.Run(ReadAsync);
        await Task.WhenAny(reading, _process.Ended).ConfigureAwait(false);
        try
        {
            await Task.WhenAll(reading, _process.Ended).WaitAsync(s_lastWords, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It has ended and something holds its socket open, or it has hung up and still lives, which nobody has a use for.
            Kill();
        }
        await _process.Ended.ConfigureAwait(false);
        await _closing.CancelAsync().ConfigureAwait(false);
        _connection.Dispose();
        _closing.Dispose();
        TaskCompletionSource<RunReport?>? run;
        lock (_lock)
        {
            _isGone = true;
            run = _run;
        }
        run?.TrySetResult(null);
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _connection.ReceiveAsync(_closing.Token).ConfigureAwait(false) is { } frame)
            {
                await HandleAsync(frame).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException or OperationCanceledException)
        {
            // Whatever it said last, it is of no use any more, and ends.
        }
    }

    private async Task HandleAsync(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Ended:
                var report = RunReport.Decode(frame.Payload);
                _run?.TrySetResult(report);
                break;
            case FrameKind.State when _request is { } request:
                await TellAsync(FrameKind.StateWritten, await _ears.WriteStateAsync(request, frame.Payload, _closing.Token).ConfigureAwait(false)).ConfigureAwait(false);
                break;
            case FrameKind.Progress when _request is { } request:
                await TellAsync(FrameKind.StateWritten, await _ears.WriteProgressAsync(request, frame.Payload, _closing.Token).ConfigureAwait(false)).ConfigureAwait(false);
                break;
            case FrameKind.Event when _request is { } request:
                _ears.SendEvent(request, frame.Payload);
                break;
            default:
                throw new InvalidDataException($"A child process said '{frame.Kind}', which is not for it to say.");
        }
    }
}
