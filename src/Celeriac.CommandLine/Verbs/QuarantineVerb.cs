using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>quarantine list|count|show|retry|delete</c>: the messages that could not run.</summary>
internal static class QuarantineVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var queues = new Option<string[]>("--queues", "-Q") { Description = "The task queues, comma-separated; default all that this program knows.", HelpName = "queues", CustomParser = OptionReading.Queues, Recursive = true };
        return new Command("quarantine", "Look at the messages that could not run, send them again, delete them.")
        {
            queues,
            List(Open),
            Count(Open),
            Show(Open),
            QuarantineChanges.Retry(Open),
            QuarantineChanges.Delete(Open),
        };

        QuarantinePlace Open(ParseResult parse)
        {
            var session = open(parse);
            return new(session, () => [.. (parse.GetValue(queues) is { Length: > 0 } chosen ? chosen : session.KnownQueues).Select(queue => new Quarantine(session.Client, queue))]);
        }
    }

    /// <summary>An option for the most messages.</summary>
    public static Option<int?> Limit(string description) =>
        new("--limit", "-l") { Description = description, HelpName = "number", CustomParser = OptionReading.Number(1, Quarantine.MaximumMessages) };

    private static Command List(Func<ParseResult, QuarantinePlace> open)
    {
        var filter = new QuarantineFilterOptions();
        var limit = Limit("The first so many messages of each queue; default 100.");
        var all = new Option<bool>("--all") { Description = $"Every message, {Quarantine.MaximumMessages} of each queue at most." };
        var json = new Option<bool>("--json", "-j") { Description = "As JSON." };
        var command = new Command("list", "List the messages, oldest first.") { limit, all, json };
        filter.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var place = open(parse);
            return CommandLineProgram.WorkAsync(place.Session, async cancellation =>
            {
                var (messages, unseen) = await place.ListAsync(filter.Read(parse, []), parse.GetValue(all) ? Quarantine.MaximumMessages : parse.GetValue(limit) ?? 100, cancellation).ConfigureAwait(false);
                QuarantineOutput.List(place.Session.Terminal, messages, parse.GetValue(json), filter.IsGiven(parse));
                QuarantineOutput.Unseen(place.Session.Terminal, unseen);
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static Command Count(Func<ParseResult, QuarantinePlace> open)
    {
        var filter = new QuarantineFilterOptions();
        var json = new Option<bool>("--json", "-j") { Description = "As JSON." };
        var command = new Command("count", "Count the messages of each queue and reason.") { json };
        filter.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var place = open(parse);
            return CommandLineProgram.WorkAsync(place.Session, async cancellation =>
            {
                var counts = new List<(string Queue, QuarantineCounts Counts)>();
                foreach (var quarantine in place.Quarantines())
                {
                    counts.Add((quarantine.Queue, await quarantine.CountAsync(filter.Read(parse, []), cancellation).ConfigureAwait(false)));
                }
                QuarantineOutput.Count(place.Session.Terminal, counts, parse.GetValue(json));
                QuarantineOutput.Unseen(place.Session.Terminal, counts.Sum(count => count.Counts.Unseen));
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static Command Show(Func<ParseResult, QuarantinePlace> open)
    {
        var id = new Argument<string>("id") { Description = "The id from the list." };
        var command = new Command("show", "Show one message with its headers and body.") { id };
        command.SetAction((parse, _) =>
        {
            var place = open(parse);
            return CommandLineProgram.WorkAsync(place.Session, async cancellation =>
            {
                var (messages, unseen) = await place.ListAsync(new QuarantineFilter { Ids = [parse.GetRequiredValue(id)] }, 1, cancellation).ConfigureAwait(false);
                QuarantineOutput.Unseen(place.Session.Terminal, messages.Count == 0 ? unseen : 0);
                if (messages is not [var message, ..])
                {
                    return place.NotThere([parse.GetRequiredValue(id)]);
                }
                QuarantineOutput.Show(place.Session.Terminal, message);
                return CommandLineProgram.Done;
            });
        });
        return command;
    }
}
