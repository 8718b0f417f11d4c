using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Events;

/// <summary>
/// The events of one worker: task events while they are switched on, heartbeats always unless it was told otherwise. Every call returns at once; while task events
/// are off it costs one look at a field.
/// </summary>
internal sealed class WorkerEvents : IAsyncDisposable
{
    private readonly EventDispatcher _dispatcher;
    private readonly Heartbeat? _heartbeat;
    private volatile bool _sendsTaskEvents;

    /// <summary>Events of a worker.</summary>
    /// <param name="dispatcher">What sends them; it is disposed with this.</param>
    /// <param name="options">Whether task events and heartbeats are sent.</param>
    /// <param name="interval">How often a heartbeat is sent where the options do not say.</param>
    /// <param name="active">How many tasks run now.</param>
    /// <param name="processed">How many tasks were begun so far.</param>
    public WorkerEvents(EventDispatcher dispatcher, WorkerOptions options, TimeSpan interval, Func<int> active, Func<long> processed)
    {
        _dispatcher = dispatcher;
        _sendsTaskEvents = options.SendTaskEvents;
        _heartbeat = options.WithoutHeartbeat ? null : new Heartbeat(dispatcher, options.HeartbeatInterval ?? interval, active, processed);
    }

    /// <summary>True while task events are sent.</summary>
    public bool SendsTaskEvents => _sendsTaskEvents;

    /// <summary>Celery's <c>enable_events</c>; false where they were on already.</summary>
    public bool EnableTaskEvents()
    {
        var changed = !_sendsTaskEvents;
        _sendsTaskEvents = true;
        return changed;
    }

    /// <summary>Celery's <c>disable_events</c>; false where they were off already.</summary>
    public bool DisableTaskEvents()
    {
        var changed = _sendsTaskEvents;
        _sendsTaskEvents = false;
        return changed;
    }

    /// <summary>The worker consumes.</summary>
    public void Online() => _heartbeat?.Start();

    /// <summary>One heartbeat now: Celery's control command <c>heartbeat</c>.</summary>
    public void Beat() => _heartbeat?.Beat();

    /// <summary>Agrees with an election, whoever wins it: its initiator waits for every worker that has a heartbeat.</summary>
    public void AcknowledgeElection(string election) =>
        _dispatcher.Send(EventTypes.WorkerElectAck, election, static (writer, id) => writer.WriteString("id"u8, id));

    /// <summary>An event of a task's own, which is always sent.</summary>
    public void Custom(string type, TaskRequest request, CustomFields fields) =>
        _dispatcher.Send(type, (request, fields), static (writer, state) =>
        {
            writer.WriteString("uuid"u8, state.request.Id);
            state.fields.Write(writer);
        });

    public void Received(TaskRequest request)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskReceived, request, static (writer, received) => WriteReceived(writer, received));
        }
    }

    public void Started(TaskRequest request)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskStarted, request.Id, static (writer, id) => writer.WriteString("uuid"u8, id));
        }
    }

    public void Succeeded(TaskRequest request, ReadOnlyMemory<byte> result, TimeSpan runtime)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskSucceeded, (request.Id, result, runtime), static (writer, state) =>
            {
                writer.WriteString("uuid"u8, state.Id);
                writer.WriteString("result"u8, EventText.ResultOf(state.result.Span));
                EventWriter.WriteFloat(writer, "runtime"u8, state.runtime.TotalSeconds);
            });
        }
    }

    /// <summary>A task failed for good; also one that never ran, by its id.</summary>
    public void Failed(string taskId, TaskFailure failure)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskFailed, (taskId, failure), static (writer, state) => WriteFailure(writer, state.taskId, state.failure));
        }
    }

    public void Retried(TaskRequest request, TaskFailure failure)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskRetried, (request.Id, failure), static (writer, state) => WriteFailure(writer, state.Id, state.failure));
        }
    }

    public void Rejected(TaskRequest request, bool requeue)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskRejected, (request.Id, requeue), static (writer, state) =>
            {
                writer.WriteString("uuid"u8, state.Id);
                writer.WriteBoolean("requeue"u8, state.requeue);
            });
        }
    }

    /// <summary>A task was taken back.</summary>
    /// <param name="request">The task.</param>
    /// <param name="terminated">True where it ran and was ended.</param>
    /// <param name="signal">The signal that was named, as SIGTERM; null for none.</param>
    /// <param name="expired">True where its time had passed.</param>
    public void Revoked(TaskRequest request, bool terminated, string? signal, bool expired)
    {
        if (_sendsTaskEvents)
        {
            _dispatcher.Send(EventTypes.TaskRevoked, (request.Id, terminated, signal, expired), static (writer, state) =>
            {
                writer.WriteString("uuid"u8, state.Id);
                writer.WriteBoolean("terminated"u8, state.terminated);
                WriteSignal(writer, state.signal);
                writer.WriteBoolean("expired"u8, state.expired);
            });
        }
    }

    /// <summary>Says goodbye and sends what waits, for a short time only.</summary>
    public ValueTask DisposeAsync()
    {
        _heartbeat?.Stop();
        return _dispatcher.DisposeAsync();
    }

    private static void WriteReceived(Utf8JsonWriter writer, TaskRequest request)
    {
        writer.WriteString("uuid"u8, request.Id);
        writer.WriteString("name"u8, string.IsNullOrEmpty(request.Shadow) ? request.Task : request.Shadow);
        writer.WriteString("args"u8, EventText.ArgsOf(request));
        writer.WriteString("kwargs"u8, EventText.KwargsOf(request));
        writer.WriteString("root_id"u8, request.RootId);
        writer.WriteString("parent_id"u8, request.ParentId);
        writer.WriteNumber("retries"u8, request.Retries);
        writer.WriteString("eta"u8, request.Eta is { } eta ? CeleryTime.Write(eta) : null);
        writer.WriteString("expires"u8, request.Expires is { } expires ? CeleryTime.Write(expires) : null);
    }

    private static void WriteFailure(Utf8JsonWriter writer, string taskId, TaskFailure failure)
    {
        writer.WriteString("uuid"u8, taskId);
        writer.WriteString("exception"u8, EventText.ExceptionOf(failure));
        if (failure.Traceback is { } traceback)
        {
            writer.WriteString("traceback"u8, traceback);
        }
    }

    /// <summary>Python writes the signal's number; a name that has none here is written as it is.</summary>
    private static void WriteSignal(Utf8JsonWriter writer, string? signal)
    {
        var number = signal switch
        {
            "SIGHUP" => 1,
            "SIGINT" => 2,
            "SIGQUIT" => 3,
            "SIGKILL" => 9,
            "SIGUSR1" => 10,
            "SIGUSR2" => 12,
            "SIGTERM" => 15,
            _ => 0,
        };
        if (number > 0)
        {
            writer.WriteNumber("signum"u8, number);
        }
        else
        {
            writer.WriteString("signum"u8, signal);
        }
    }
}
