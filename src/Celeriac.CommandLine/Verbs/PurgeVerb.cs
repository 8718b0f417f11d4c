using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>purge</c>: drops the messages that wait in queues.</summary>
internal static class PurgeVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var force = new Option<bool>("--force", "-f") { Description = "Do not ask." };
        var queues = new Option<string[]>("--queues", "-Q") { Description = "The queues to purge, comma-separated; default all that this program knows.", HelpName = "queues", CustomParser = OptionReading.Queues };
        var except = new Option<string[]>("--exclude-queues", "-X") { Description = "The queues to leave alone, comma-separated.", HelpName = "queues", CustomParser = OptionReading.Queues };
        var command = new Command("purge", "Delete every task that waits in queues. There is no undo.") { force, queues, except };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var chosen = parse.GetValue(queues) is { Length: > 0 } named ? named : session.KnownQueues;
                IReadOnlyList<string> names = [.. chosen.Except(parse.GetValue(except) ?? [], StringComparer.Ordinal)];
                if (!parse.GetValue(force) && !await AgreesAsync(session.Terminal, names, cancellation).ConfigureAwait(false))
                {
                    session.Terminal.Fail("Nothing was purged: the answer was not 'yes'. Use --force to purge without being asked.");
                    return CommandLineProgram.Failed;
                }
                var purged = await PurgeAsync(session, names, cancellation).ConfigureAwait(false);
                session.Terminal.Write($"Purged {Count(purged, "message")} from {Count(names.Count, "queue")}: {string.Join(", ", names)}.");
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static async ValueTask<bool> AgreesAsync(Terminal terminal, IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        var answer = await terminal.AskAsync(
            $"This deletes every task that waits in {Count(queues.Count, "queue")}: {string.Join(", ", queues)}. There is no undo.{Environment.NewLine}Are you sure (yes/no)? ", cancellationToken).ConfigureAwait(false);
        return answer?.Trim().ToLowerInvariant() is "yes" or "y";
    }

    private static async ValueTask<long> PurgeAsync(Session session, IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        var purged = 0L;
        foreach (var queue in queues)
        {
            // A queue that nobody has declared yet has nothing in it.
            await session.Client.Queues.EnsureAsync(queue, cancellationToken).ConfigureAwait(false);
            purged += await session.Client.Transport.PurgeAsync(queue, cancellationToken).ConfigureAwait(false);
        }
        return purged;
    }

    private static string Count(long count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
