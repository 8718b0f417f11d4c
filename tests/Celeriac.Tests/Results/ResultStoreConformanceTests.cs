using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Tests.Results;

/// <summary>Results in the memory of the broker.</summary>
public sealed class MemoryResultConformance : ResultStoreConformance<MemoryResultConformance.Place>
{
    public sealed class Place : ResultStoreHarness
    {
        public override string? ResultBackend => null;
    }
}

/// <summary>Results as replies.</summary>
public sealed class ReplyResultConformance : ResultStoreConformance<ReplyResultConformance.Place>
{
    public sealed class Place : ResultStoreHarness
    {
        public override string ResultBackend => "rpc://";

        public override bool KeepsResults => false;
    }
}

/// <summary>Results in a SQLite file.</summary>
public sealed class SqliteResultConformance : ResultStoreConformance<SqliteResultConformance.Place>
{
    public sealed class Place : ResultStoreHarness
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-results-");

        static Place() => Transports.Add("sqlite", new SqliteTransportFactory());

        public override string ResultBackend => $"sqlite://{_folder.FullName}/results.db";

        protected override ValueTask CleanUpAsync()
        {
            _folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
