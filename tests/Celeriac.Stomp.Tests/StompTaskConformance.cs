using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Stomp.Tests;

/// <summary>Tasks through ActiveMQ, results as replies.</summary>
public sealed class ActiveMqTaskConformance : TaskConformance<ActiveMqTaskConformance.Place>
{
    public sealed class Place : ActiveMqTaskHarness;
}

/// <summary>Tasks through ActiveMQ, results in a SQLite file.</summary>
public sealed class ActiveMqWithSqliteResultsConformance : TaskConformance<ActiveMqWithSqliteResultsConformance.Place>
{
    public sealed class Place : ActiveMqTaskHarness
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

/// <summary>Tasks through RabbitMQ's STOMP plug-in, results as replies.</summary>
public sealed class RabbitMqStompTaskConformance : TaskConformance<RabbitMqStompTaskConformance.Place>
{
    public sealed class Place : StompTaskHarness
    {
        protected override async ValueTask<string> ServerUrlAsync() =>
            (await TestContext.Current.GetFixture<RabbitMqFixture>())!.Server.StompUrl;
    }
}

public abstract class ActiveMqTaskHarness : StompTaskHarness
{
    protected override async ValueTask<string> ServerUrlAsync() =>
        (await TestContext.Current.GetFixture<ActiveMqFixture>())!.Server.StompUrl;
}

/// <summary>All facts of a pair share one server; their queues differ.</summary>
public abstract class StompTaskHarness : TaskHarness
{
    private string? _serverUrl;

    static StompTaskHarness() => Transports.Add("stomp", new StompTransportFactory());

    public override string BrokerUrl => _serverUrl ?? throw new InvalidOperationException("The broker was not started.");

    public override string ResultBackend => "rpc://";

    // A broker has no leases: it notices a dead process by its connection.
    public override string ShortLeaseUrl => BrokerUrl;

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    public override async ValueTask StartAsync() => _serverUrl = await ServerUrlAsync();

    protected abstract ValueTask<string> ServerUrlAsync();
}
