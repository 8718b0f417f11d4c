namespace Celeriac.Sending;

/// <summary>Where a call goes.</summary>
/// <param name="Queue">The queue it is for, by which people know it.</param>
/// <param name="Exchange">The exchange to publish to; the empty text is the default one.</param>
/// <param name="RoutingKey">The routing key there.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="IsDeclared">True where the queue is declared by this client; false for an exchange of somebody's own.</param>
internal readonly record struct Destination(string Queue, string Exchange, string RoutingKey, byte Priority, bool IsDeclared)
{
    /// <summary>The same for telemetry and people.</summary>
    public string Text => IsDeclared ? Queue : RoutingKey.Length > 0 ? $"{Exchange}:{RoutingKey}" : Exchange;
}

/// <summary>
/// Decides where a call goes: everybody who sends a task asks here. As Celery's router: member by member the call's own options win, then the task's declaration, then
/// the first route that matches, then the defaults.
/// </summary>
internal sealed class TaskRouter(CeleriacOptions options, QueueDefinitions queues)
{
    private readonly TaskRoutes? _routes = options.TaskRoutes.IsEmpty ? null : options.TaskRoutes.Copy();
    private readonly string _defaultQueue = options.DefaultQueue;
    private readonly byte _defaultPriority = options.DefaultPriority ?? 0;
    private readonly bool _inherits = options.InheritParentPriority;

    /// <inheritdoc cref="Route(Signature, byte?)"/>
    public Destination Route(Signature signature) => Route(signature, CurrentClient.Task?.Priority);

    /// <summary>Where a call goes.</summary>
    /// <param name="signature">The call.</param>
    /// <param name="parent">The priority of the task that sends it.</param>
    /// <exception cref="QueueNotFoundException">The queue is missing, and missing queues are not created.</exception>
    public Destination Route(Signature signature, byte? parent)
    {
        var said = signature.Options;
        signature = Routed(signature);
        var route = _routes?.Find(signature);
        var name = said.Queue ?? signature.Declared?.Queue ?? route?.Queue ?? _defaultQueue;
        var exchange = Named(said.Exchange) ?? Named(route?.Exchange);
        var key = Named(said.RoutingKey) ?? Named(route?.RoutingKey);
        var priority = said.Priority ?? (signature.Declared?.Priority is > 0 and var declared ? declared : (byte?)null) ?? route?.Priority
            ?? (_inherits ? parent : null) ?? _defaultPriority;
        if (exchange is not null)
        {
            return new Destination(name, exchange, key ?? name, priority, IsDeclared: false);
        }
        var queue = queues.Require(name);
        return queue.ExchangeType == Messaging.ExchangeType.Direct
            ? new Destination(name, "", name, priority, IsDeclared: true)
            : new Destination(name, queue.Exchange!, key ?? queue.RoutingKey!, priority, IsDeclared: true);
    }

    /// <summary>What this program's declarations and routes say of a task, written into its options: the worker that sends it on may know neither.</summary>
    public SendOptions Fix(Signature signature)
    {
        var said = signature.Options;
        signature = Routed(signature);
        var route = _routes?.Find(signature);
        return said with
        {
            Queue = said.Queue ?? signature.Declared?.Queue ?? route?.Queue,
            Exchange = said.Exchange ?? route?.Exchange,
            RoutingKey = said.RoutingKey ?? route?.RoutingKey,
            Priority = said.Priority ?? (signature.Declared is { Priority: > 0 } declared ? declared.Priority : route?.Priority),
        };
    }

    /// <summary>Who maps a task runs where it runs.</summary>
    private static Signature Routed(Signature signature) => signature.Mapped is { } mapped ? mapped with { Kwargs = signature.Kwargs, Options = signature.Options } : signature;

    private static string? Named(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
