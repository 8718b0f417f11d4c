using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>quarantine retry</c> and <c>quarantine delete</c>.</summary>
internal static class QuarantineChanges
{
    public static Command Retry(Func<ParseResult, QuarantinePlace> open)
    {
        var keep = new Option<bool>("--keep-retries") { Description = "Keep the count of retries; else they begin with none." };
        var ignore = new Option<bool>("--ignore-expires") { Description = "Send also what has expired, without its expiry; else it stays." };
        var words = new Words("retry", "Retried", "would be retried");
        var command = Create(open, words, "Send messages to their queue again and take them out of the quarantine.", null, (quarantine, choice, parse, token) =>
            quarantine.RetryAsync(choice.Filter, choice.Limit, new QuarantineRetry { KeepRetries = parse.GetValue(keep), IgnoreExpires = parse.GetValue(ignore) }, token));
        command.Add(keep);
        command.Add(ignore);
        return command;
    }

    public static Command Delete(Func<ParseResult, QuarantinePlace> open)
    {
        var yes = new Option<bool>("--yes", "-y", "--force", "-f") { Description = "Do not ask." };
        var command = Create(open, new Words("delete", "Deleted", "would be deleted"), "Delete messages for good. There is no undo.", yes, async (quarantine, choice, _, token) =>
            choice is { IsEverything: true, Limit: Quarantine.MaximumMessages }
                ? new QuarantineChange((int)Math.Min(int.MaxValue, await quarantine.DeleteAllAsync(token).ConfigureAwait(false)), 0, 0)
                : await quarantine.DeleteAsync(choice.Filter, choice.Limit, token).ConfigureAwait(false));
        command.Add(yes);
        return command;
    }

    private static Command Create(
        Func<ParseResult, QuarantinePlace> open, Words words, string description, Option<bool>? yes, Func<Quarantine, Choice, ParseResult, CancellationToken, ValueTask<QuarantineChange>> change)
    {
        var ids = new Argument<string[]>("id") { Description = "The ids from the list.", Arity = ArgumentArity.ZeroOrMore };
        var filter = new QuarantineFilterOptions();
        var limit = QuarantineVerb.Limit("The first so many messages, of all queues together; default all that fit.");
        var all = new Option<bool>("--all") { Description = "Every message." };
        var dry = new Option<bool>("--dry-run", "-n") { Description = "Only list what it would be." };
        var command = new Command(words.Name, description) { ids, all, limit, dry };
        filter.AddTo(command);
        command.Validators.Add(result =>
        {
            var isChosen = filter.IsGiven(result) || result.GetResult(limit) is not null;
            var named = result.GetResult(ids) is { Tokens.Count: > 0 };
            if (named ? result.GetValue(all) || isChosen : !result.GetValue(all) && !isChosen)
            {
                result.AddError($"Give the ids of messages, or options that choose them, or --all: 'quarantine {words.Name} ID', 'quarantine {words.Name} --task mail.*' or 'quarantine {words.Name} --all'.");
            }
        });
        command.SetAction((parse, _) =>
        {
            var place = open(parse);
            var chosen = new Choice(filter.Read(parse, parse.GetValue(ids) ?? []), parse.GetValue(limit) ?? Quarantine.MaximumMessages, parse.GetValue(ids) ?? []);
            return CommandLineProgram.WorkAsync(place.Session, cancellation =>
                parse.GetValue(dry) ? ShowAsync(place, chosen, words, cancellation)
                : ChangeAsync(place, chosen, words, yes is not null && chosen.Ids.Count == 0 && !parse.GetValue(yes), (quarantine, choice, token) => change(quarantine, choice, parse, token), cancellation));
        });
        return command;
    }

    private static async Task<int> ShowAsync(QuarantinePlace place, Choice choice, Words words, CancellationToken cancellationToken)
    {
        var (found, unseen) = await place.ListAsync(choice.Filter, choice.Limit, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<QuarantinedMessage> messages = [.. found.Take(choice.Limit)];
        QuarantineOutput.List(place.Session.Terminal, messages, json: false, isFiltered: true);
        place.Session.Terminal.Write($"{QuarantineOutput.Messages(messages.Count)} {words.Would}.");
        QuarantineOutput.Unseen(place.Session.Terminal, unseen);
        return CommandLineProgram.Done;
    }

    private static async Task<int> ChangeAsync(
        QuarantinePlace place, Choice choice, Words words, bool asks, Func<Quarantine, Choice, CancellationToken, ValueTask<QuarantineChange>> change, CancellationToken cancellationToken)
    {
        var terminal = place.Session.Terminal;
        var quarantines = place.Quarantines();
        if (asks && !await AgreesAsync(terminal, quarantines, choice, cancellationToken).ConfigureAwait(false))
        {
            terminal.Fail("Nothing was deleted: the answer was not 'yes'. Use --yes to delete without being asked.");
            return CommandLineProgram.Failed;
        }
        var (count, expired, unseen) = (0, 0, 0L);
        foreach (var quarantine in quarantines.TakeWhile(_ => count < choice.Limit))
        {
            var done = await change(quarantine, choice with { Limit = choice.Limit == Quarantine.MaximumMessages ? choice.Limit : choice.Limit - count }, cancellationToken).ConfigureAwait(false);
            (count, expired, unseen) = (count + done.Count, expired + done.Expired, unseen + done.Unseen);
        }
        return Tell(place, choice, words, new QuarantineChange(count, expired, unseen));
    }

    private static int Tell(QuarantinePlace place, Choice choice, Words words, QuarantineChange done)
    {
        var terminal = place.Session.Terminal;
        QuarantineOutput.Unseen(terminal, done.Unseen);
        if (done.Expired > 0)
        {
            terminal.Warn($"{QuarantineOutput.Messages(done.Expired)} {(done.Expired == 1 ? "has" : "have")} expired and would be revoked at once, so {(done.Expired == 1 ? "it stays" : "they stay")}. Use --ignore-expires to send without an expiry.");
        }
        if (done is { Count: 0, Expired: 0 } && choice.Ids.Count > 0)
        {
            return place.NotThere(choice.Ids);
        }
        terminal.Write(choice.Ids is [var one] && done.Count == 1 ? $"{words.Done} {one}." : $"{words.Done} {QuarantineOutput.Messages(done.Count)}.");
        return done.Count == 0 && choice.Ids.Count > 0 ? CommandLineProgram.Failed : CommandLineProgram.Done;
    }

    private static async ValueTask<bool> AgreesAsync(Terminal terminal, IReadOnlyList<Quarantine> quarantines, Choice choice, CancellationToken cancellationToken)
    {
        var what = choice is { IsEverything: true, Limit: Quarantine.MaximumMessages } ? "every message" : "the messages that were chosen";
        var answer = await terminal.AskAsync(
            $"This deletes {what} in {string.Join(", ", quarantines.Select(quarantine => quarantine.QuarantineQueue))}. There is no undo.{Environment.NewLine}Are you sure (yes/no)? ", cancellationToken).ConfigureAwait(false);
        return answer?.Trim().ToLowerInvariant() is "yes" or "y";
    }

    private sealed record Words(string Name, string Done, string Would);

    private sealed record Choice(QuarantineFilter Filter, int Limit, IReadOnlyList<string> Ids)
    {
        public bool IsEverything => Filter == QuarantineFilter.Everything;
    }
}
