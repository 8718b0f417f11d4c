using Celeriac.Conformance;

// The second process of the conformance facts, for the transports of this repository.
return await PeerProgram.RunAsync(args);
