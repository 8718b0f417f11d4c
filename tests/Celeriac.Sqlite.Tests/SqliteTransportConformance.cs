using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Sqlite.Tests;

public sealed class SqliteTransportConformance() : TransportConformance(new SqliteHarness());

public sealed class SqliteHarness : TransportHarness
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-sqlite-");

    static SqliteHarness() => Transports.Add("sqlite", new SqliteTransportFactory());

    public override string Url => $"sqlite://{Path.Combine(_folder.FullName, "conformance.db")}";

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    protected override ValueTask CleanUpAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
