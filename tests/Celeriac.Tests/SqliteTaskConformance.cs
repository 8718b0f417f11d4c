using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Tests;

/// <summary>Tasks and results in one SQLite file.</summary>
public sealed class SqliteTaskConformance : TaskConformance<SqliteTaskConformance.Place>
{
    public class Place : TaskHarness
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-tasks-");

        static Place() => Transports.Add("sqlite", new SqliteTransportFactory());

        public override string BrokerUrl => $"sqlite://{_folder.FullName}/tasks.db";
        public override string? PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

        protected override ValueTask CleanUpAsync()
        {
            _folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Tasks in one SQLite file, results as replies through it.</summary>
public sealed class SqliteReplyTaskConformance : TaskConformance<SqliteReplyTaskConformance.Place>
{
    public sealed class Place : SqliteTaskConformance.Place
    {
        public override string ResultBackend => "rpc://";
    }
}

/// <summary>Tasks in memory, results in a SQLite file: the result is written before the acknowledgement.</summary>
public sealed class MemoryWithSqliteResultsConformance : TaskConformance<MemoryWithSqliteResultsConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-results-");

        static Place() => Transports.Add("sqlite", new SqliteTransportFactory());

        public override string BrokerUrl { get; } = $"memory://{Guid.NewGuid():N}";
        public override string ResultBackend => $"sqlite://{_folder.FullName}/results.db";

        protected override ValueTask CleanUpAsync()
        {
            _folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
