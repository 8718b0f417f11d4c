using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres;

[assembly: Transport("postgres", typeof(PostgresTransportFactory))]
[assembly: Transport("postgresql", typeof(PostgresTransportFactory))]

namespace Celeriac.Postgres;

/// <summary>
/// Makes transports for <c>postgres://user:password@host:5432/database</c> (also <c>postgresql://</c>): queues, results and shared state in one schema
/// of a PostgreSQL database, version 12 or later. Several servers of one cluster are parted by semicolons; the one that takes writes is used.
/// </summary>
/// <remarks>
/// Options: <c>schema</c> (default <c>celeriac</c>); <c>migrate</c> (false: tables are not made or changed when connecting, see <c>celeriac migrate</c>);
/// <c>sweep</c> (how often what has expired is looked for, default 10 seconds); <c>poll</c> (how long an empty queue is trusted to stay empty without a
/// notification, default 15 seconds); <c>connections</c> (the most connections of one transport, default 8); <c>sslmode</c>, <c>sslrootcert</c>,
/// <c>sslcert</c> and <c>sslkey</c> as in psql; <c>connect_timeout</c>, <c>reconnect_delay</c>, <c>reconnect_delay_max</c> and <c>heartbeat</c> as on every
/// broker; and those of every store (<see cref="StoreTransportOptions"/>).
/// </remarks>
public sealed class PostgresTransportFactory : ITransportFactory
{
    /// <inheritdoc/>
    public ITransport Create(BrokerUrl url, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        return new StoreTransport(url, new PostgresQueueStore(PostgresOptions.From(url), context), context);
    }
}
