using System.CommandLine;
using Celeriac.Messaging.Stores;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>migrate</c>: makes or changes the tables of a broker that is a database, for programs whose own user must not.</summary>
internal static class MigrateVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var command = new Command("migrate", "Make or change the tables of a broker that is a database. Doing it again changes nothing.");
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var transport = session.Client.Transport;
                var told = transport is StoreTransport store ? await store.MigrateAsync(cancellation).ConfigureAwait(false) : null;
                session.Terminal.Write(told ?? $"Broker '{transport.Name}' has no tables to migrate.");
                return CommandLineProgram.Done;
            });
        });
        return command;
    }
}
