namespace Celeriac.Bench.Running;

/// <summary>What a scenario runs on.</summary>
internal enum BrokerKind
{
    /// <summary>Nothing outside of the process.</summary>
    Memory,

    /// <summary>A new file for each run.</summary>
    Sqlite,

    /// <summary>RabbitMQ over AMQP.</summary>
    RabbitMq,

    /// <summary>ActiveMQ over STOMP.</summary>
    ActiveMq,

    /// <summary>PostgreSQL; a schema of its own for each run.</summary>
    Postgres,
}

/// <summary>One process of a run.</summary>
/// <param name="Program">Whose actor it is.</param>
/// <param name="Words">The actor's name and its arguments. Broker, queue and the number of tasks are said before them, so that they can be replaced.</param>
internal sealed record Role(ActorProgram Program, params string[] Words)
{
    /// <summary>True where the runtime's own defaults hold instead of the settings that docs/performance.md proposes for a worker's process.</summary>
    public bool IsPlain { get; init; }

    /// <summary>An actor of the bench itself.</summary>
    public static Role Bench(params string[] words) => new(ActorProgram.Bench, words);

    /// <summary>An actor of the bench itself, in a process as .NET makes it by default.</summary>
    public static Role Plain(params string[] words) => new(ActorProgram.Bench, words) { IsPlain = true };

    /// <summary>An actor of bench/Peers.</summary>
    public static Role Peer(params string[] words) => new(ActorProgram.Peers, words);

    /// <summary>Python Celery.</summary>
    public static Role Celery(params string[] words) => new(ActorProgram.Celery, words);
}

/// <summary>One of those that a scenario compares.</summary>
/// <param name="Name">For tables and ratios; ours begin with "celeriac".</param>
/// <param name="Roles">Its processes. The first is the one whose time counts; the others are ready before it is told to go.</param>
internal sealed record Contender(string Name, params Role[] Roles)
{
    /// <summary>Fills the queue before the others are started; not measured.</summary>
    public Role? Before { get; init; }

    /// <summary>Which part of the scenario's tasks it gets, where it is much slower than the others.</summary>
    public double Share { get; init; } = 1;

    /// <summary>False for those that a quick run leaves out.</summary>
    public bool IsQuick { get; init; } = true;

    /// <summary>How many tasks more than are measured wait in the queue.</summary>
    public int Backlog { get; init; }
}

/// <summary>A scenario: who is compared on what, and what is said at the end.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Broker">What it runs on.</param>
/// <param name="Tasks">How many tasks a full run has.</param>
internal sealed record Scenario(string Name, BrokerKind Broker, int Tasks)
{
    public required IReadOnlyList<Contender> Contenders { get; init; }

    public required IReadOnlyList<Ratio> Ratios { get; init; }

    /// <summary>How many tasks at most come before the measured ones. Until then the runtime is still compiling: after 5,000 tasks a quarter of the processor time is the compiler's.</summary>
    public int Warm { get; init; } = 20_000;

    /// <summary>How many come before them however short the run is, but where a contender has a share only.</summary>
    public int LeastWarm { get; init; }

    /// <summary>The most rounds that it has, where one takes long.</summary>
    public int MaximumRounds { get; init; } = int.MaxValue;

    /// <summary>False where it takes too long for a quick run of everything.</summary>
    public bool IsQuick { get; init; } = true;

    /// <summary>False where the number of tasks is what is looked at, so that a quick run must not change it.</summary>
    public bool Scales { get; init; } = true;
}

/// <summary>A line of the end: the median of what the rounds say, each round for itself.</summary>
/// <param name="Name">As the goals are named.</param>
/// <param name="Ours">The contender above the line.</param>
/// <param name="Theirs">The contender below it; null where a figure stands for itself.</param>
/// <param name="Figure">What is compared.</param>
internal sealed record Ratio(string Name, string Ours, string? Theirs, Func<Outcome, double> Figure)
{
    /// <summary>What a figure that stands for itself is divided by: what was offered, or what its unit needs.</summary>
    public double Unit { get; init; } = 1;

    public static Ratio Rate(string name, string ours, string theirs) => new(name, ours, theirs, outcome => outcome.Rate);

    public static Ratio Processor(string name, string ours, string theirs) => new(name, ours, theirs, outcome => outcome.ActorMicroseconds);

    public static Ratio Median(string name, string ours, string theirs) => new(name, ours, theirs, outcome => outcome.Median);
}
