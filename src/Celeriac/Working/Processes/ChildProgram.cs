using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Processes;

/// <summary>
/// The child's side: runs what the worker sends, one task at a time, until the worker hangs up or is no more. Then the program is to end; where it does not,
/// because a task or a service holds it, it is ended.
/// </summary>
internal sealed class ChildProgram(TaskClient client, TaskRuntimes tasks, DecodeLimits limits, Func<ITaskOperations, TaskRunner> runnerOf, ILogger log) : IDisposable
{
    // Less than a worker waits for a child that it has let go.
    private static readonly TimeSpan s_leaving = TimeSpan.FromSeconds(3);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ChildSignals _signals = new();
    private readonly Lock _lock = new();
    private AdmittedTask? _task;
    private long _job;
    private bool _hasHungUp;

    /// <summary>Serves until the worker hangs up.</summary>
    /// <exception cref="SocketException">The worker is gone already.</exception>
    public async Task RunAsync(string address)
    {
        PreferForMemory();
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(address));
        using var worker = new FrameConnection(socket);
        worker.Send(FrameKind.Hello, Payload.Write(writer => writer.Write(Frame.Version)));
        var operations = new ChildOperations(worker, new RunCheckpoints(client.SharedState), client.Time);
        var runner = runnerOf(operations);
        // A thread of its own: whatever tasks do to the thread pool, the end of the worker is seen.
        new Thread(() => Listen(worker, operations, runner)) { IsBackground = true, Name = "celeriac pool" }.Start();
        await _ended.Task.ConfigureAwait(false);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _signals.Dispose();
    }

    private void Listen(FrameConnection worker, ChildOperations operations, TaskRunner runner)
    {
        try
        {
            while (worker.Receive() is { } frame)
            {
                Handle(frame, worker, operations, runner);
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException)
        {
            // As good as its end.
        }
        Leave();
    }

    private void Handle(Frame frame, FrameConnection worker, ChildOperations operations, TaskRunner runner)
    {
        switch (frame.Kind)
        {
            case FrameKind.Run:
                var order = frame.Payload;
                _ = Task.Run(() => RunAsync(order, worker, runner));
                break;
            case FrameKind.Stop:
                _ = _stopping.CancelAsync();
                break;
            case FrameKind.End:
                using (var reader = Payload.Read(frame.Payload))
                {
                    // It may have come too late, when the next run has begun.
                    if (reader.ReadInt64() == Volatile.Read(ref _job))
                    {
                        Volatile.Read(ref _task)?.Terminate(Signals.Soft);
                    }
                }
                break;
            case FrameKind.Die:
                using (var reader = Payload.Read(frame.Payload))
                {
                    _signals.Die(reader.TakeRequiredText());
                }
                break;
            case FrameKind.StateWritten:
                operations.Written(frame.Payload);
                break;
            default:
                throw new InvalidDataException($"The worker said '{frame.Kind}', which is not for it to say.");
        }
    }

    private async Task RunAsync(ReadOnlyMemory<byte> payload, FrameConnection worker, TaskRunner runner)
    {
        try
        {
            var (running, task) = ((RunningTask?)null, (AdmittedTask?)null);
            Outcome outcome;
            try
            {
                var order = RunOrder.Decode(payload);
                task = Admit(order);
                running = new RunningTask(task.Request.Id, task.Request.RootId ?? task.Request.Id, task.Request.Message.Priority);
                Volatile.Write(ref _task, task);
                Volatile.Write(ref _job, order.Job);
                using var scope = log.BeginScope(new ChildScope());
                using var trace = ChildTrace.Begin(order);
                outcome = await runner.RunAsync(task, running, _stopping.Token).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                outcome = new Outcome.Failed(ExceptionCodec.FromException(error), null);
            }
            Report(worker, outcome, running?.Children ?? [], task?.Request.HasCheckpoint is true);
        }
        finally
        {
            Volatile.Write(ref _task, null);
            EndIfHungUp();
        }
    }

    private static void Report(FrameConnection worker, Outcome outcome, IReadOnlyList<string> children, bool hasCheckpoint)
    {
        try
        {
            worker.Send(FrameKind.Ended, new RunReport(outcome, children, Environment.WorkingSet) { HasCheckpoint = hasCheckpoint }.Encode());
        }
        catch (ArgumentException error)
        {
            worker.Send(FrameKind.Ended, new RunReport(new Outcome.Failed(ExceptionCodec.FromException(error), null), [], Environment.WorkingSet) { HasCheckpoint = hasCheckpoint }.Encode());
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The worker is gone; its message is given to another.
        }
    }

    private AdmittedTask Admit(RunOrder order)
    {
        var decoded = TaskMessageCodec.Decode(order.Message, limits);
        var request = decoded.Request ?? throw new InvalidDataException(decoded.Fault!.Text);
        request.RoutingKey = order.RoutingKey;
        var runtime = tasks.Find(request.Task) ?? throw new InvalidOperationException(
            $"Task '{request.Task}' is known to the worker and not to its child process. Register the same tasks whenever the program is started with the same arguments.");
        runtime.Limits = order.Limits;
        var task = new AdmittedTask(order.ToDelivery(client.Transport), request, runtime) { AcksLate = true };
        request.Deaths = Suspicion.CountOf(task.Delivery);
        task.Start(DateTimeOffset.UnixEpoch);
        return task;
    }

    private void Leave()
    {
        _ = _stopping.CancelAsync();
        lock (_lock)
        {
            _hasHungUp = true;
        }
        if (Volatile.Read(ref _task) is null)
        {
            _ended.TrySetResult();
        }
        using var never = new ManualResetEvent(initialState: false);
        never.WaitOne(s_leaving);
        Process.GetCurrentProcess().Kill();
    }

    private void EndIfHungUp()
    {
        lock (_lock)
        {
            if (!_hasHungUp)
            {
                return;
            }
        }
        _ended.TrySetResult();
    }

    // Where memory runs out, Linux is to end the child that takes it and not the worker.
    private static void PreferForMemory()
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                File.WriteAllText("/proc/self/oom_score_adj", "500");
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The kernel decides without our advice.
        }
    }

    /// <summary>Which process wrote a line.</summary>
    private sealed class ChildScope : List<KeyValuePair<string, object>>
    {
        public ChildScope() => Add(new("ProcessId", Environment.ProcessId));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"child {Environment.ProcessId}");
    }
}
