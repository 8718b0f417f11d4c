using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>quarantine list|show|retry|delete</c>: the messages that could not run.</summary>
internal static class QuarantineVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var queues = new Option<string[]>("--queues", "-Q") { Description = "The task queues, comma-separated; default all that this program knows.", HelpName = "queues", CustomParser = OptionReading.Queues, Recursive = true };
        return new Command("quarantine", "Look at the messages that could not run, send them again, delete them.")
        {
            queues,
            List(Open),
            Show(Open),
            Settle("retry", "Send messages to their queue again and take them out of the quarantine.", "Retried", Open, (quarantine, id, token) => quarantine.RetryAsync(id, token), async (quarantine, token) => await quarantine.RetryAllAsync(token).ConfigureAwait(false)),
            Settle("delete", "Delete messages for good.", "Deleted", Open, (quarantine, id, token) => quarantine.DeleteAsync(id, token), (quarantine, token) => quarantine.DeleteAllAsync(token)),
        };

        (Session Session, Func<IReadOnlyList<Quarantine>> Quarantines) Open(ParseResult parse)
        {
            var session = open(parse);
            return (session, () => [.. (parse.GetValue(queues) is { Length: > 0 } chosen ? chosen : session.KnownQueues).Select(queue => new Quarantine(session.Client, queue))]);
        }
    }

    private static Command List(Func<ParseResult, (Session Session, Func<IReadOnlyList<Quarantine>> Quarantines)> open)
    {
        var limit = new Option<int?>("--limit") { Description = "The most messages of each queue; default 100.", HelpName = "number", CustomParser = OptionReading.Number(1, Quarantine.MaximumMessages) };
        var json = new Option<bool>("--json", "-j") { Description = "As JSON." };
        var command = new Command("list", "List the messages, oldest first.") { limit, json };
        command.SetAction((parse, _) =>
        {
            var (session, quarantines) = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var messages = new List<QuarantinedMessage>();
                foreach (var quarantine in quarantines())
                {
                    messages.AddRange(await quarantine.ListAsync(parse.GetValue(limit) ?? 100, cancellation).ConfigureAwait(false));
                }
                QuarantineOutput.List(session.Terminal, messages, parse.GetValue(json));
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static Command Show(Func<ParseResult, (Session Session, Func<IReadOnlyList<Quarantine>> Quarantines)> open)
    {
        var id = new Argument<string>("id") { Description = "The id from the list." };
        var command = new Command("show", "Show one message with its headers and body.") { id };
        command.SetAction((parse, _) =>
        {
            var (session, quarantines) = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                foreach (var quarantine in quarantines())
                {
                    if (await quarantine.FindAsync(parse.GetRequiredValue(id), cancellation).ConfigureAwait(false) is { } message)
                    {
                        QuarantineOutput.Show(session.Terminal, message);
                        return CommandLineProgram.Done;
                    }
                }
                return NotThere(session, parse.GetRequiredValue(id), quarantines());
            });
        });
        return command;
    }

    private static Command Settle(
        string name, string description, string done, Func<ParseResult, (Session Session, Func<IReadOnlyList<Quarantine>> Quarantines)> open,
        Func<Quarantine, string, CancellationToken, ValueTask<bool>> settleOne, Func<Quarantine, CancellationToken, ValueTask<long>> settleAll)
    {
        var id = new Argument<string?>("id") { Description = "The id from the list.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every message." };
        var command = new Command(name, description) { id, all };
        command.Validators.Add(result =>
        {
            if (result.GetResult(id) is { Tokens.Count: > 0 } == result.GetValue(all))
            {
                result.AddError($"Give the id of a message, or --all: 'quarantine {name} ID' or 'quarantine {name} --all'.");
            }
        });
        command.SetAction((parse, _) =>
        {
            var (session, quarantines) = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var count = 0L;
                foreach (var quarantine in quarantines())
                {
                    if (parse.GetValue(id) is not { } one)
                    {
                        count += await settleAll(quarantine, cancellation).ConfigureAwait(false);
                    }
                    else if (await settleOne(quarantine, one, cancellation).ConfigureAwait(false))
                    {
                        session.Terminal.Write($"{done} {one}.");
                        return CommandLineProgram.Done;
                    }
                }
                if (parse.GetValue(id) is { } missing)
                {
                    return NotThere(session, missing, quarantines());
                }
                session.Terminal.Write($"{done} {count} message{(count == 1 ? "" : "s")}.");
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static int NotThere(Session session, string id, IReadOnlyList<Quarantine> quarantines)
    {
        session.Terminal.Fail($"There is no message '{id}' in {string.Join(", ", quarantines.Select(quarantine => quarantine.QuarantineQueue))}. See 'quarantine list', or name the queue with -Q.");
        return CommandLineProgram.Failed;
    }
}
