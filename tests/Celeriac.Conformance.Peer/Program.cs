using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

// The second process of the conformance facts, for the transports of this repository.
Transports.Add("sqlite", new SqliteTransportFactory());
return await PeerProgram.RunAsync(args);
