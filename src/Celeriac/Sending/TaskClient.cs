using System.Diagnostics;
using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.Sending;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>Sends tasks and finds their results. Safe to call from many threads; one a process is enough.</summary>
public sealed partial class TaskClient : IAsyncDisposable
{
    private readonly bool _ownsParts;
    private readonly bool _sendsSentEvent;
    private readonly EventDispatcher _dispatcher;
    private readonly ISendFilter[] _filters;
    private readonly DocumentResultStore? _followed;
    private int _disposed;

    /// <summary>A client over parts that somebody else disposes.</summary>
    public TaskClient(ITransport transport, IResultStore results, CeleriacOptions options, TimeProvider? time = null)
        : this(transport, results, options, new TransportContext { Time = time ?? TimeProvider.System }, ownsParts: false)
    {
    }

    internal TaskClient(ITransport transport, IResultStore results, CeleriacOptions options, TransportContext context, bool ownsParts)
    {
        ArgumentNullException.ThrowIfNull(options);
        var time = context.Time;
        SharedState = StateStores.Open(options, transport, results, context);
        Chords = new Chords(SharedState, (results as IChordCounting)?.Chords, options.ChordDeadline);
        Transport = transport;
        Results = results;
        _followed = results as DocumentResultStore;
        DefaultQueue = options.DefaultQueue;
        Contents = TaskContents.Of(options);
        if (options.JsonTypes is { } types)
        {
            TaskJson.Use(types);
        }
        Time = time;
        _ownsParts = ownsParts;
        Queues = new TaskQueues(transport, new QueueDefinitions(options), () => Log!);
        Router = new TaskRouter(options, Queues.Definitions);
        // A client's events travel each for itself, as Celery's do.
        _dispatcher = new EventDispatcher(transport, options.EventExchange, NodeName.Client, Clock, time, NullLogger.Instance, gathersTaskEvents: false);
        Events = new ClientEvents(transport, options.EventExchange, _dispatcher, Clock, time);
        _sendsSentEvent = options.SendSentEvent;
        _filters = [.. options.SendFilters];
        Place = new TelemetryPlace(transport.Name);
        Telemetry = new SendTelemetry(Place, time);
    }

    /// <summary>The client that a static handle uses here: the running task's, else the one opened with <see cref="Use"/>, else the process's only one.</summary>
    /// <exception cref="InvalidOperationException">None is open, or several are and the call names none.</exception>
    public static TaskClient Current => CurrentClient.Resolve();

    /// <summary>Where tasks go.</summary>
    public ITransport Transport { get; }

    /// <summary>Where results are.</summary>
    public IResultStore Results { get; }

    /// <summary>Where shared state is: <see cref="CeleriacOptions.StateStore"/>; null where there is none.</summary>
    public IStateStore? State => SharedState.Store;

    /// <summary>The queue of tasks that name none.</summary>
    public string DefaultQueue { get; }

    /// <summary>The events of the fleet: what workers tell, and what you tell.</summary>
    public ClientEvents Events { get; }

    /// <summary>The shared state with what works on it.</summary>
    internal StateHome SharedState { get; }

    /// <summary>The chords under way.</summary>
    internal Chords Chords { get; }

    internal TaskQueues Queues { get; }

    /// <summary>Where calls go.</summary>
    internal TaskRouter Router { get; }

    /// <summary>How task messages are written and which are read.</summary>
    internal TaskContents Contents { get; }

    internal TimeProvider Time { get; }

    /// <summary>Where remote control over this client logs.</summary>
    internal ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>Why answers to commands could not be read.</summary>
    internal ToldReasons UnreadableAnswers { get; } = new();

    /// <summary>Which messaging system it is, for spans and metrics.</summary>
    internal TelemetryPlace Place { get; }

    internal SendTelemetry Telemetry { get; }

    /// <summary>The logical clock that this client's events and control messages share with the worker over it.</summary>
    internal LogicalClock Clock { get; } = new();

    /// <summary>A client without a host, for scripts: <c>await using var client = TaskClient.Open("sqlite://celeriac.db");</c>. It connects at the first use.</summary>
    /// <exception cref="BrokerUrlException">A URL is malformed or its scheme unknown.</exception>
    public static TaskClient Open(string brokerUrl, TransportContext? context = null) => Open(new CeleriacOptions { BrokerUrl = brokerUrl }, context);

    /// <inheritdoc cref="Open(string, TransportContext?)"/>
    public static TaskClient Open(CeleriacOptions options, TransportContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        context ??= new TransportContext();
        var transport = Transports.Create(options.BrokerUrl, context);
        return new TaskClient(transport, ResultStores.Create(options, transport, context), options, context, ownsParts: true)
        {
            Log = context.LoggerFactory.CreateLogger("Celeriac.Control"),
        };
    }

    /// <summary>Makes this client the one that static handles use in this flow of calls, until the answer is disposed.</summary>
    public IDisposable Use() => CurrentClient.Enter(this, CurrentClient.Task);

    /// <summary>Lets a running task wait for the results of others until the answer is disposed (Celery's <c>allow_join_result</c>). Its slot is taken meanwhile.</summary>
    public static IDisposable AllowJoinResult() => CurrentClient.AllowWaiting();

    /// <summary>Sends a task; returns when the broker has it.</summary>
    /// <exception cref="PublishUnknownException">The broker did not confirm in time: the task may have arrived. The exception carries its id.</exception>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    /// <exception cref="SharedStateException">The task is unique, or limited over all workers, and there is no shared state. Nothing was sent.</exception>
    public ValueTask<AsyncResult<TResult>> SendAsync<TResult>(Signature<TResult> signature, CancellationToken cancellationToken = default) =>
        CanvasSending.SendAnyAsync(this, signature, cancellationToken);

    /// <summary>Sends a group; returns when the broker has every member.</summary>
    /// <exception cref="BulkSendException">Not all were sent: it says of each that was tried whether the broker has it.</exception>
    public ValueTask<GroupResult<T>> SendAsync<T>(Group<T> group, CancellationToken cancellationToken = default) => new CanvasSending(this).SendAsync(group, cancellationToken);

    /// <summary>Sends a task by name, for example one that lives in Python.</summary>
    /// <inheritdoc cref="SendAsync{TResult}(Signature{TResult}, CancellationToken)"/>
    public ValueTask<AsyncResult> SendAsync(Signature signature, CancellationToken cancellationToken = default) => CanvasSending.SendAnyAsync(this, signature, cancellationToken);

    /// <summary>The result of a task by its id.</summary>
    public AsyncResult Result(string taskId) => new(taskId, Results) { Client = this };

    /// <summary>The result of a task by its id.</summary>
    public AsyncResult<TResult> Result<TResult>(string taskId) => new(taskId, Results) { Client = this };

    /// <summary>Closes what <see cref="Open(string, TransportContext?)"/> opened. Closing again does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        CurrentClient.RemoveDefault(this);
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await _dispatcher.DisposeAsync().ConfigureAwait(false);
        await SharedState.DisposeAsync().ConfigureAwait(false);
        if (_ownsParts)
        {
            await Results.DisposeAsync().ConfigureAwait(false);
            await Transport.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends many tasks in one go: thousands cost little more than their bytes. Answers their results in the order given.</summary>
    /// <param name="signatures">What to send. It is read as it is sent, about a thousand at a time, so it may be long.</param>
    /// <param name="cancellationToken">Ends the sending; what is sent stays sent.</param>
    /// <exception cref="BulkSendException">Not all were sent: it says of each that was tried whether the broker has it.</exception>
    public async ValueTask<IReadOnlyList<AsyncResult>> SendManyAsync(IEnumerable<Signature> signatures, CancellationToken cancellationToken = default) =>
        await new BulkSending<AsyncResult>(this, sent => new AsyncResult(sent.Id, Results, sent.Queue) { Client = this, IsDuplicate = sent.IsDuplicate }).SendAsync(signatures, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc cref="SendManyAsync(IEnumerable{Signature}, CancellationToken)"/>
    public async ValueTask<IReadOnlyList<AsyncResult<TResult>>> SendManyAsync<TResult>(IEnumerable<Signature<TResult>> signatures, CancellationToken cancellationToken = default) =>
        await new BulkSending<AsyncResult<TResult>>(this, sent => new AsyncResult<TResult>(sent.Id, Results, sent.Queue) { Client = this, IsDuplicate = sent.IsDuplicate })
            .SendAsync(signatures, cancellationToken).ConfigureAwait(false);

    /// <summary>True where code of the user's is around each sending.</summary>
    internal bool HasFilters => _filters.Length > 0;

    internal ValueTask<SentCall> SendOnceAsync(Signature signature, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return HasFilters ? SendFilteredAsync(signature, cancellationToken) : SendPlainAsync(signature, cancellationToken);
    }

    private async ValueTask<SentCall> SendFilteredAsync(Signature signature, CancellationToken cancellationToken)
    {
        var sent = default(SentCall);
        var id = await SendAsync(0, signature.Options.TaskId is null ? signature.Set(options => options with { TaskId = TaskId.New() }) : signature, cancellationToken).ConfigureAwait(false);
        return sent with { Id = id };

        async ValueTask<string> SendAsync(int index, Signature next, CancellationToken token)
        {
            if (index < _filters.Length)
            {
                return await _filters[index].SendAsync(next, (inner, innerToken) => SendAsync(index + 1, inner, innerToken), token).ConfigureAwait(false);
            }
            sent = await SendPlainAsync(next, token).ConfigureAwait(false);
            return sent.Id;
        }
    }

    /// <summary>Sends, unless the task is unique and an equal one is under way.</summary>
    private ValueTask<SentCall> SendPlainAsync(Signature signature, CancellationToken cancellationToken)
    {
        var id = signature.Options.TaskId ?? TaskId.New();
        return UniqueCall.Of(signature) is { } claim ? SendUniqueAsync(signature, id, claim, cancellationToken) : PublishAsync(signature, id, claim: null, cancellationToken);
    }

    private ValueTask<SentCall> SendUniqueAsync(Signature signature, string id, UniqueClaim claim, CancellationToken cancellationToken) =>
        new UniqueSending(RequireNoTransaction($"Task '{signature.Task}' is unique: its claim"), signature, claim).SendAsync(id, PublishAsync, cancellationToken);

    private async ValueTask<SentCall> PublishAsync(Signature signature, string id, UniqueClaim? claim, CancellationToken cancellationToken)
    {
        var destination = Router.Route(signature);
        using var telemetry = Telemetry.Begin(destination.Text, signature.Task, 1);
        try
        {
            var task = await PrepareAsync(signature, id, claim, destination, telemetry.Span, cancellationToken).ConfigureAwait(false);
            telemetry.Tell(task.Context.TaskId, task.Context.RootId, task.Context.ParentId, task.Context.Eta);
            if (task.IsDeclared)
            {
                await Queues.EnsureAsync(task.Queue, cancellationToken).ConfigureAwait(false);
            }
            try
            {
                await Transport.PublishAsync(task.Publication, cancellationToken).ConfigureAwait(false);
            }
            catch (UnroutableException) when (task.IsDeclared)
            {
                await PublishAnewAsync(task, cancellationToken).ConfigureAwait(false);
            }
            telemetry.Succeed();
            Sent(task);
            return new SentCall(id, task.Queue, IsDuplicate: false);
        }
        catch (Exception error)
        {
            telemetry.Fail(error);
            throw;
        }
    }

    /// <summary>A task was published: its parent and the fleet hear of it.</summary>
    internal void Sent(PreparedTask task)
    {
        CurrentClient.Task?.AddChild(task.Context.TaskId);
        if (_sendsSentEvent)
        {
            Events.Sent(new SentTask(task.Publication.Message, task.IsDeclared ? task.Queue : null, task.Publication.Exchange, task.Publication.RoutingKey));
        }
    }

    /// <summary>Everything about a call but the publish.</summary>
    internal async ValueTask<PreparedTask> PrepareAsync(Signature signature, string id, UniqueClaim? claim, Destination destination, Activity? trace, CancellationToken cancellationToken)
    {
        CanvasSending.RequirePlain(signature);
        var options = signature.Options;
        if (signature.Declared?.WhySharedLimits is { } why)
        {
            SharedState.Require($"Task '{signature.Task}' {why}");
        }
        var running = CurrentClient.Task;
        var now = Time.GetUtcNow();
        var eta = options.Eta ?? (options.Countdown is { } countdown && countdown > TimeSpan.Zero ? now + countdown : null);
        var wantsReply = (options.IgnoreResult ?? signature.Declared?.IgnoreResult) is not true;
        if (wantsReply && options.TaskId is null)
        {
            _followed?.Expect(id);
        }
        var context = new EncodeContext(
            id,
            options.RootId ?? running?.RootId ?? id,
            options.ParentId ?? running?.Id,
            NodeName.Client,
            eta,
            options.Expires ?? now + options.ExpiresIn,
            options.ReplyTo is "" ? null : options.ReplyTo ?? (wantsReply ? await Results.PrepareAsync(id, cancellationToken).ConfigureAwait(false) : null),
            trace)
        {
            Priority = destination.Priority,
            Unique = claim?.ToHeader(),
        };
        var message = TaskMessageCodec.Encode(signature, context, Contents);
        var publication = new Publication(message, destination.Exchange, destination.RoutingKey) { Mandatory = true, Due = Transport.Capabilities.DueOf(eta, now) };
        return new PreparedTask(context, destination.Queue, publication, destination.IsDeclared);
    }

    /// <summary>The queue was declared and is gone: somebody deleted it. Nothing was stored, so sending again cannot double it.</summary>
    private async ValueTask PublishAnewAsync(PreparedTask task, CancellationToken cancellationToken)
    {
        Queues.Forget(task.Queue);
        await Queues.EnsureAsync(task.Queue, cancellationToken).ConfigureAwait(false);
        await Transport.PublishAsync(task.Publication, cancellationToken).ConfigureAwait(false);
    }
}
