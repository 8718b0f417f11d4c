using Celeriac.Amqp;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres;
using Celeriac.Redis;
using Celeriac.Sqlite;
using Celeriac.Stomp;
using Celeriac.Stomp.Brokers;

namespace Celeriac.Architecture.Tests;

/// <summary>What the page says a transport can do is what the transport says of itself.</summary>
public sealed class TransportTableTests
{
    [Fact]
    public async Task The_table_of_transports_shows_what_they_claim()
    {
        await using var memory = new MemoryTransportFactory().Create(BrokerUrl.Parse("memory://table"), new TransportContext());
        await using var sqlite = new SqliteTransportFactory().Create(BrokerUrl.Parse("sqlite://table.db"), new TransportContext());
        await using var postgres = new PostgresTransportFactory().Create(BrokerUrl.Parse("postgres://localhost"), new TransportContext());
        await using var classic = new AmqpTransportFactory().Create(BrokerUrl.Parse("amqp://localhost"), new TransportContext());
        await using var quorum = new AmqpTransportFactory().Create(BrokerUrl.Parse("amqp://localhost?queue_type=quorum"), new TransportContext());
        await using var activeMq = new StompTransportFactory().Create(BrokerUrl.Parse("stomp://localhost"), new TransportContext());
        await using var redis = new RedisTransportFactory().Create(BrokerUrl.Parse("redis://localhost"), new TransportContext());
        await using var native = new RedisTransportFactory().Create(BrokerUrl.Parse("redis://localhost?form=native"), new TransportContext());

        await CapabilityTable.AssertShownInAsync(
            Repository.PathOf("docs", "transports.md"),
            CapabilityTable.Render(
                ("`memory://`", memory.Capabilities),
                ("`sqlite://`", sqlite.Capabilities),
                ("`postgres://`", postgres.Capabilities),
                ("`amqp://` RabbitMQ", classic.Capabilities),
                ("with `queue_type=quorum`", quorum.Capabilities),
                ("`stomp://` ActiveMQ", activeMq.Capabilities),
                ("`stomp://` RabbitMQ", RabbitMqBroker.AllCapabilities),
                ("`redis://`", redis.Capabilities),
                ("with `form=native`", native.Capabilities)));
    }
}
