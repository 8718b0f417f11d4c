using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_wait_for_a_change_ends_when_a_document_is_written()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var seen = Documents.Changes;
        var waiting = Documents.WaitForChangeAsync(seen, TimeSpan.FromMinutes(1), Cancelled).AsTask();
        await Documents.WriteAsync([DocumentOf("a", "1")], Cancelled);
        await waiting.WaitAsync(Harness.Patience, Cancelled);
        Assert.NotEqual(seen, Documents.Changes);
    }

    [Fact(Timeout = Limit)]
    public async Task A_wait_for_a_change_ends_when_another_connection_writes_a_document()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var waiting = WaitForDocumentAsync("a");
        await Harness.Open().Documents!.WriteAsync([DocumentOf("a", "1")], Cancelled);
        Assert.Equal("1", await waiting.WaitAsync(Harness.Patience, Cancelled));
    }

    /// <summary>Follows changes, as readers do, until the document is there.</summary>
    private async Task<string> WaitForDocumentAsync(string stem)
    {
        while (true)
        {
            var seen = Documents.Changes;
            if (await ReadDocumentAsync(stem) is { } content)
            {
                return content;
            }
            await Documents.WaitForChangeAsync(seen, TimeSpan.FromMinutes(1), Cancelled);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_wait_for_a_change_that_was_already_seen_ends_at_once_and_one_without_a_change_in_time()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var before = Documents.Changes;
        await Documents.WriteAsync([DocumentOf("a", "1")], Cancelled);
        await Documents.WaitForChangeAsync(before, TimeSpan.FromMinutes(1), Cancelled).AsTask().WaitAsync(Harness.Patience, Cancelled);
        await Documents.WaitForChangeAsync(Documents.Changes, Glance, Cancelled).AsTask().WaitAsync(Harness.Patience, Cancelled);
    }

    [Fact(Timeout = Limit)]
    public async Task A_cancelled_wait_for_a_change_ends()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        using var cancel = new CancellationTokenSource();
        var waiting = WaitForEverAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Harness.Patience, Cancelled));
    }

    /// <summary>Waits anew after every change: a late notice of an earlier one may end a single wait.</summary>
    private async Task WaitForEverAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Documents.WaitForChangeAsync(Documents.Changes, TimeSpan.FromMinutes(1), cancellationToken);
        }
    }
}
