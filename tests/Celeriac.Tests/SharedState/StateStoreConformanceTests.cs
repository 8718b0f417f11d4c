using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Tests.SharedState;

/// <summary>Shared state in the memory of a process.</summary>
public sealed class MemoryStateConformance : StateStoreConformance<MemoryStateConformance.Place>
{
    public sealed class Place : StateStoreHarness
    {
        public override string StateStore { get; } = $"memory://{Guid.NewGuid():N}";
    }
}

/// <summary>Shared state in a SQLite file.</summary>
public sealed class SqliteStateConformance : StateStoreConformance<SqliteStateConformance.Place>
{
    public sealed class Place : StateStoreHarness
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-state-");

        static Place() => Transports.Add("sqlite", new SqliteTransportFactory());

        public override string StateStore => $"sqlite://{_folder.FullName}/state.db";

        public override string? PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

        protected override ValueTask CleanUpAsync()
        {
            _folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
