namespace Celeriac.CommandLine.Verbs;

/// <summary>The quarantines that a verb works on.</summary>
internal sealed record QuarantinePlace(Session Session, Func<IReadOnlyList<Quarantine>> Quarantines)
{
    public async Task<(IReadOnlyList<QuarantinedMessage> Messages, long Unseen)> ListAsync(QuarantineFilter filter, int limit, CancellationToken cancellationToken)
    {
        var messages = new List<QuarantinedMessage>();
        var unseen = 0L;
        foreach (var quarantine in Quarantines())
        {
            var listing = await quarantine.ListAsync(filter, limit, cancellationToken).ConfigureAwait(false);
            messages.AddRange(listing.Messages);
            unseen += listing.Unseen;
        }
        return (messages, unseen);
    }

    public int NotThere(IReadOnlyList<string> ids)
    {
        var message = ids is [var one] ? $"message '{one}'" : $"message with one of these {ids.Count} ids";
        Session.Terminal.Fail($"There is no {message} in {string.Join(", ", Quarantines().Select(quarantine => quarantine.QuarantineQueue))}. See 'quarantine list', or name the queue with -Q.");
        return CommandLineProgram.Failed;
    }
}
