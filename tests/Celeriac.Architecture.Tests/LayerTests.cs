namespace Celeriac.Architecture.Tests;

/// <summary>
/// Inside a project an arrow points to the same or a lower rank only. Types that users see live in namespace <c>Celeriac</c> whatever
/// folder they are in, so the test asks the compiler what a file uses instead of reading its <c>using</c> lines.
/// </summary>
public sealed class LayerTests
{
    private static readonly Dictionary<string, int> TaskLayer = new(StringComparer.Ordinal)
    {
        ["Diagnostics"] = 0,
        [""] = 0,
        ["Serialization"] = 0,
        ["Protocol"] = 1,
        ["Results"] = 2,
        ["Events"] = 2,
        ["SharedState"] = 2,
        ["Canvas"] = 3,
        ["Sending"] = 4,
        ["Filters"] = 5,
        ["Working"] = 6,
        ["Control"] = 7,
        ["Scheduling"] = 7,
        ["Hosting"] = 8,
        // It puts the parts of a worker together, the ear for remote control among them.
        ["Worker.cs"] = 8,
    };

    private static readonly Dictionary<string, int> MessagingLayer = new(StringComparer.Ordinal)
    {
        ["Diagnostics"] = 0,
        [""] = 1,
        ["Compression"] = 2,
        ["Serialization"] = 2,
        ["Stores"] = 2,
        // A signal and nothing else; the contract of shared state names it.
        ["ChangeSignal.cs"] = 1,
        ["Brokers"] = 3,
        ["Publisher.cs"] = 3,
        ["Consumer.cs"] = 3,
    };

    private static readonly Dictionary<string, int> SqliteStore = new(StringComparer.Ordinal)
    {
        ["Log.cs"] = 0,
        ["SqliteOptions.cs"] = 0,
        ["Engine"] = 1,
        ["Files"] = 2,
        ["Reading"] = 2,
        ["Writing"] = 3,
        [""] = 4,
    };

    private static readonly Dictionary<string, int> AmqpTransport = new(StringComparer.Ordinal)
    {
        ["Log.cs"] = 0,
        ["AmqpErrors.cs"] = 0,
        ["AmqpOptions.cs"] = 0,
        ["Wire"] = 0,
        ["Links"] = 0,
        ["Library"] = 1,
        ["Client"] = 1,
        ["Connecting"] = 2,
        ["Topologies"] = 3,
        ["Publishing"] = 4,
        // A subscription's deliveries are settled through its transport: the two know each other.
        ["Receiving"] = 5,
        [""] = 5,
    };

    private static readonly Dictionary<string, int> RedisResults = new(StringComparer.Ordinal)
    {
        ["Log.cs"] = 0,
        ["RedisOptions.cs"] = 0,
        ["Connecting"] = 1,
        ["Results"] = 2,
        ["State"] = 1,
        ["Broker"] = 2,
        ["Native"] = 3,
        [""] = 4,
    };

    private static readonly Dictionary<string, int> PostgresStore = new(StringComparer.Ordinal)
    {
        ["Log.cs"] = 0,
        ["PostgresOptions.cs"] = 0,
        ["DeliveryLostException.cs"] = 0,
        ["Pickles"] = 0,
        ["Schema"] = 1,
        ["Connecting"] = 2,
        ["Reading"] = 3,
        ["Writing"] = 4,
        ["PostgresState.cs"] = 5,
        ["PostgresQueueStore.cs"] = 5,
        ["PostgresQueueStore.Hearing.cs"] = 5,
        ["PythonResults"] = 6,
        ["Transactions"] = 6,
        [""] = 7,
    };

    // A closed store is named to its callers by its own name, wherever the call ends.
    private static readonly HashSet<string> SqliteCrossings = ["StoreWriter.cs → SqliteQueueStore", "WriterThread.cs → SqliteQueueStore"];

    private static readonly HashSet<string> MessagingCrossings =
    [
        // The table of schemes has memory:// built in, so that a first program needs no registration.
        "Transports.cs → MemoryTransportFactory",
        // A delivery carries what its consumer accepts, because the reading extensions get nothing but the delivery.
        "Delivery.cs → ContentRegistry",
    ];

    [Fact]
    public void A_file_of_the_task_layer_uses_only_types_of_its_own_or_a_lower_rank() => Check("Celeriac", TaskLayer, []);

    [Fact]
    public void A_file_of_the_messaging_layer_uses_only_types_of_its_own_or_a_lower_rank() => Check("Celeriac.Messaging", MessagingLayer, MessagingCrossings);

    [Fact]
    public void A_file_of_the_sqlite_store_uses_only_types_of_its_own_or_a_lower_rank() => Check("Celeriac.Sqlite", SqliteStore, SqliteCrossings);

    [Fact]
    public void A_file_of_the_amqp_transport_uses_only_types_of_its_own_or_a_lower_rank() => Check("Celeriac.Amqp", AmqpTransport, []);

    [Fact]
    public void A_file_of_the_redis_results_uses_only_types_of_its_own_or_a_lower_rank() => Check("Celeriac.Redis", RedisResults, []);

    [Fact]
    public void A_file_of_the_postgres_store_uses_only_types_of_its_own_or_a_lower_rank() => Check("Celeriac.Postgres", PostgresStore, []);

    [Fact]
    public void The_rank_tests_see_the_main_path()
    {
        var project = SourceProject.Load("Celeriac");
        Report.None(
            project.Trees.SelectMany(tree => tree.GetDiagnostics()).Select(fault => fault.ToString()),
            "The package Microsoft.CodeAnalysis.CSharp is too old for this syntax, so nothing can be said about these files:");
        var files = Uses.In(project).Select(use => Path.GetFileName(use.DeclaredIn)).ToHashSet(StringComparer.Ordinal);

        // A class in several files is declared in each of them.
        Assert.Contains(files, file => file.StartsWith("TaskClient.", StringComparison.Ordinal));
        Assert.Contains("TaskMessageCodec.cs", files);
        Assert.Contains("Signature.cs", files);
    }

    private static void Check(string name, Dictionary<string, int> ranks, HashSet<string> accepted)
    {
        var project = SourceProject.Load(name);
        var unranked = project.Trees.Select(tree => project.FeatureOf(tree.FilePath)).Where(feature => !ranks.ContainsKey(feature)).ToHashSet(StringComparer.Ordinal);
        Report.None(unranked, "These folders have no rank. Give them one in LayerTests, or move their files:");

        var upward =
            from use in Uses.In(project)
            let source = RankOf(project, use.File, ranks)
            let target = RankOf(project, use.DeclaredIn, ranks)
            where source < target && !accepted.Contains($"{Path.GetFileName(use.File)} → {use.Type}")
            select $"{Repository.Relative(use.File)}:{use.Line} (rank {source}) uses {use.Type} of {Repository.Relative(use.DeclaredIn)} (rank {target})";
        Report.None(upward, "A lower rank uses a higher one. Move the type down, or turn the arrow round:");
    }

    // A file in the project's own folder may have a rank of its own.
    private static int RankOf(SourceProject project, string file, Dictionary<string, int> ranks) =>
        ranks.TryGetValue(Path.GetFileName(file), out var own) ? own : ranks[project.FeatureOf(file)];
}
