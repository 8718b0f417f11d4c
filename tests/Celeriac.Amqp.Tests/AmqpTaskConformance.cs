using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Redis;
using Celeriac.Sqlite;

[assembly: AssemblyFixture(typeof(RedisFixture))]

namespace Celeriac.Amqp.Tests;

/// <summary>Tasks through RabbitMQ's classic queues, results as replies.</summary>
public sealed class AmqpTaskConformance : TaskConformance<AmqpTaskConformance.Place>
{
    public sealed class Place() : AmqpTaskHarness("queue_type=classic");
}

/// <summary>Tasks through RabbitMQ's classic queues, results as replies that leave together with their acknowledgements.</summary>
public sealed class AmqpTransientRepliesConformance : TaskConformance<AmqpTransientRepliesConformance.Place>
{
    public sealed class Place() : AmqpTaskHarness("queue_type=classic")
    {
        public override bool ResultPersistent => false;
    }
}

/// <summary>Tasks through RabbitMQ's quorum queues, results as replies.</summary>
public sealed class AmqpQuorumTaskConformance : TaskConformance<AmqpQuorumTaskConformance.Place>
{
    public sealed class Place() : AmqpTaskHarness("queue_type=quorum");
}

/// <summary>Tasks through RabbitMQ, results in a SQLite file.</summary>
public sealed class AmqpWithSqliteResultsConformance : TaskConformance<AmqpWithSqliteResultsConformance.Place>
{
    public sealed class Place() : AmqpTaskHarness("queue_type=classic")
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

/// <summary>Tasks through RabbitMQ, results in Redis: the commonest Celery shop.</summary>
public sealed class AmqpWithRedisResultsConformance(RedisFixture redis) : TaskConformance<AmqpWithRedisResultsConformance.Place>
{
    // The facts make their places by themselves.
    private readonly RedisServer _server = Place.Results = redis.Server;

    public sealed class Place() : AmqpTaskHarness("queue_type=classic")
    {
        static Place() => ResultStores.Add("redis", new RedisResultStoreFactory());

        internal static RedisServer? Results { get; set; }

        public override string ResultBackend => Results!.Url;
    }
}

/// <summary>All facts share one server; their queues differ.</summary>
public abstract class AmqpTaskHarness(string options) : TaskHarness
{
    public override string BrokerUrl => $"{SharedServer.Server.AmqpUrl}?{options}";

    public override string ResultBackend => "rpc://";

    // A broker has no leases: it notices a dead process by its connection.
    public override string ShortLeaseUrl => BrokerUrl;

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
}
