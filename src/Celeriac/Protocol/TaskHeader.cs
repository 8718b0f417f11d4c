namespace Celeriac.Protocol;

/// <summary>The names of Celery's own task headers (protocol 2).</summary>
internal static class TaskHeader
{
    public const string Lang = "lang";
    public const string Task = "task";
    public const string Id = "id";
    public const string Shadow = "shadow";
    public const string Eta = "eta";
    public const string Expires = "expires";
    public const string Group = "group";
    public const string GroupIndex = "group_index";
    public const string Retries = "retries";
    public const string TimeLimit = "timelimit";
    public const string RootId = "root_id";
    public const string ParentId = "parent_id";
    public const string ArgsRepr = "argsrepr";
    public const string KwargsRepr = "kwargsrepr";
    public const string Origin = "origin";
    public const string IgnoreResult = "ignore_result";
    public const string ReplacedTaskNesting = "replaced_task_nesting";
    public const string StampedHeaders = "stamped_headers";
    public const string Stamps = "stamps";
    public const string Compression = "compression";

    /// <summary>Ours: how often workers that do not know the task have sent the message back for its owner.</summary>
    public const string UnknownTries = "x-celeriac-unknown-tries";

    /// <summary>Ours: how often the message came back from a process that died over it.</summary>
    public const string Deaths = "x-celeriac-deaths";

    /// <summary>Ours: the retries at which a worker told that it received the task, before the broker held it until its eta.</summary>
    public const string ToldReceived = "x-celeriac-told-received";

    /// <summary>Ours: the claim that a unique task holds in shared state.</summary>
    public const string Unique = "x-celeriac-unique";

    /// <summary>Ours: how often a limit has sent the message back into the broker, and when its turn under a rate limit is.</summary>
    public const string LimitTrip = "x-celeriac-limit";

    /// <summary>Ours: the message's own name among all that carry a chord's body, of which one is run.</summary>
    public const string Once = "x-celeriac-once";

    /// <summary>True for the names that a user's own headers may not take.</summary>
    public static bool IsReserved(string name) => name is
        Lang or Task or Id or Shadow or Eta or Expires or Group or GroupIndex or Retries or TimeLimit or RootId or ParentId or
        ArgsRepr or KwargsRepr or Origin or IgnoreResult or ReplacedTaskNesting or StampedHeaders or Stamps or Compression or Unique;

    /// <summary>True for headers that tell a message's past on a broker or in our quarantine: a message sent anew starts without them. How often it was put aside stays.</summary>
    public static bool TellsThePast(string name) =>
        // RabbitMQ reads x-death to find dead-letter cycles and would drop a retry that went through a delay queue before.
        name.StartsWith("x-death", StringComparison.Ordinal) ||
        name.StartsWith("x-first-death", StringComparison.Ordinal) ||
        name.StartsWith("x-last-death", StringComparison.Ordinal) ||
        name is "x-delivery-count" or "x-acquired-count" or UnknownTries or Deaths or ToldReceived or LimitTrip ||
        QuarantineHeader.EndsWithRetry(name);
}
