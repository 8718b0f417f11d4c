using Celeriac.Messaging;

namespace Celeriac;

/// <summary>The base of generated handles: knows the task and how to send it.</summary>
/// <typeparam name="TResult">What the task returns.</typeparam>
public abstract class TaskHandle<TResult>
{
    /// <summary>Called by generated code.</summary>
    protected TaskHandle(TaskDefinition definition, SendOptions options, TaskClient? client)
    {
        Definition = definition;
        Options = options;
        Client = client;
    }

    /// <summary>The task.</summary>
    public TaskDefinition Definition { get; }

    /// <summary>The name on the wire.</summary>
    public string Name => Definition.Name;

    /// <summary>What <c>With</c> has said so far.</summary>
    protected SendOptions Options { get; }

    /// <summary>The client that <c>With</c> has named; null for <see cref="TaskClient.Current"/>.</summary>
    protected TaskClient? Client { get; }

    /// <summary>A complete signature with these positional arguments.</summary>
    protected Signature<TResult> Sign(ReadOnlyMemory<byte> args) => new(Name) { Args = args, Options = Options, Declared = Definition.Options, Parameters = Definition.Parameters };

    /// <summary>A complete signature with these arguments by name.</summary>
    protected Signature<TResult> SignKeywords(ReadOnlyMemory<byte> kwargs) => new(Name) { Kwargs = kwargs, Options = Options, Declared = Definition.Options, Parameters = Definition.Parameters };

    /// <summary>The task called with each item in one run.</summary>
    protected Signature<TResult[]> MapEach<T>(IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return Mapping.Map(Bare, items.Select(TaskJson.Encode)).As<TResult[]>();
    }

    /// <summary>These calls in one run.</summary>
    protected Signature<TResult[]> StarMapEach(IEnumerable<Signature<TResult>> calls) => Mapping.StarMap(Bare, calls.Select(call => call.Args)).As<TResult[]>();

    /// <summary>These calls in runs of so many.</summary>
    protected Group<TResult[]> ChunkEach(IEnumerable<Signature<TResult>> calls, int size) => new(Mapping.Chunks(Bare, calls.Select(call => call.Args), size));

    private Signature Bare => new(Name) { Options = Options, Declared = Definition.Options };

    /// <summary>Sends a signature; returns when the broker has it.</summary>
    protected ValueTask<AsyncResult<TResult>> SendAsync(Signature<TResult> signature, CancellationToken cancellationToken) =>
        (Client ?? TaskClient.Current).SendAsync(signature, cancellationToken);

    /// <summary>Sends many signatures in one go.</summary>
    protected ValueTask<IReadOnlyList<AsyncResult<TResult>>> SendManyAsync(IEnumerable<Signature<TResult>> signatures, CancellationToken cancellationToken) =>
        (Client ?? TaskClient.Current).SendManyAsync(signatures, cancellationToken);

    /// <summary>The options with what is given put over what is present.</summary>
    protected static SendOptions Merge(
        SendOptions present, TimeSpan? countdown, DateTimeOffset? eta, DateTimeOffset? expires, string? queue, byte? priority, string? taskId,
        bool? ignoreResult, MessageHeaders? headers, SendOptions? options)
    {
        var start = options ?? present;
        if (countdown is null && eta is null && expires is null && queue is null && priority is null && taskId is null && ignoreResult is null && headers is null)
        {
            return start;
        }
        return start with
        {
            Countdown = countdown ?? start.Countdown,
            Eta = eta ?? start.Eta,
            Expires = expires ?? start.Expires,
            Queue = queue ?? start.Queue,
            Priority = priority ?? start.Priority,
            TaskId = taskId ?? start.TaskId,
            IgnoreResult = ignoreResult ?? start.IgnoreResult,
            Headers = headers ?? start.Headers,
        };
    }
}
