using Celeriac;
using Celeriac.Amqp;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Postgres;
using Celeriac.Redis;
using Celeriac.Sqlite;
using Celeriac.Stomp;

// The second process of the conformance facts, for the transports and result stores of this repository.
Transports.Add("sqlite", new SqliteTransportFactory());
var rabbitMq = new AmqpTransportFactory();
Transports.Add("amqp", rabbitMq);
Transports.Add("amqps", rabbitMq);
Transports.Add("stomp", new StompTransportFactory());
Transports.Add("redis", new RedisTransportFactory());
Transports.Add("postgres", new PostgresTransportFactory());
ResultStores.Add("redis", new RedisResultStoreFactory());
if (args is ["tasks", var url, var backend, var queue, var node])
{
    return await TaskPeerProgram.RunAsync(url, backend, queue, node);
}
if (args is ["state", var store])
{
    return await StatePeerProgram.RunAsync(store);
}
return await PeerProgram.RunAsync(args);
