using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where documents are not claimed: asserts that there are none, and answers true.</summary>
    private bool DocumentsAreAbsent()
    {
        Assert.Equal(Can.Documents, Transport.Documents is not null);
        return !Can.Documents;
    }

    private IDocumentStore Documents => Transport.Documents!;

    private Document DocumentOf(string stem, string content) => new(Harness.NameOf(stem), Encoding.UTF8.GetBytes(content));

    private async Task<string?> ReadDocumentAsync(string stem)
    {
        var found = await Documents.ReadAsync([Harness.NameOf(stem)], Cancelled);
        return found.Count == 0 ? null : Encoding.UTF8.GetString(Assert.Single(found).Content.Span);
    }

    [Fact(Timeout = Limit)]
    public async Task A_document_is_read_as_written_and_the_last_write_wins()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([DocumentOf("a", "1")], Cancelled);
        Assert.Equal("1", await ReadDocumentAsync("a"));
        await Documents.WriteAsync([DocumentOf("a", "2")], Cancelled);
        Assert.Equal("2", await ReadDocumentAsync("a"));
    }

    [Fact(Timeout = Limit)]
    public async Task Documents_that_do_not_exist_are_left_out()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([DocumentOf("a", "1"), DocumentOf("c", "3")], Cancelled);
        var found = await Documents.ReadAsync([Harness.NameOf("a"), Harness.NameOf("b"), Harness.NameOf("c")], Cancelled);
        Assert.Equal([Harness.NameOf("a"), Harness.NameOf("c")], found.Select(document => document.Key).Order());
    }

    [Fact(Timeout = Limit)]
    public async Task A_final_document_is_never_overwritten()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([DocumentOf("a", "started")], Cancelled);
        await Documents.WriteAsync([DocumentOf("a", "succeeded") with { IsFinal = true }], Cancelled);
        await Documents.WriteAsync([DocumentOf("a", "started again")], Cancelled);
        await Documents.WriteAsync([DocumentOf("a", "failed") with { IsFinal = true }], Cancelled);
        Assert.Equal("succeeded", await ReadDocumentAsync("a"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_completion_whose_document_is_final_already_is_applied_all_the_same()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([DocumentOf("a", "first") with { IsFinal = true }], Cancelled);
        var (queue, subscription, delivery) = await ReceiveOneAsync();
        var completion = new Completion(delivery, Settlement.Ack) { Document = DocumentOf("a", "second") with { IsFinal = true } };
        Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
        Assert.Equal("first", await ReadDocumentAsync("a"));
        await subscription.DisposeAsync();
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task Keys_are_followed_in_the_order_of_their_last_writing()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var before = await Documents.LatestSequenceAsync(Cancelled);
        await Documents.WriteAsync([DocumentOf("a", "1"), DocumentOf("b", "1")], Cancelled);
        await Documents.WriteAsync([DocumentOf("c", "1")], Cancelled);
        await Documents.WriteAsync([DocumentOf("a", "2")], Cancelled);
        var keys = Own(await Documents.KeysAfterAsync(before, 1000, Cancelled));
        Assert.Equal([Harness.NameOf("b"), Harness.NameOf("c"), Harness.NameOf("a")], keys.Select(item => item.Key));
        Assert.Equal(keys.Select(item => item.Sequence).Order(), keys.Select(item => item.Sequence));
        Assert.InRange(await Documents.LatestSequenceAsync(Cancelled), keys[^1].Sequence, long.MaxValue);
        var last = Assert.Single(await Documents.ReadAsync([Harness.NameOf("a")], Cancelled));
        Assert.Equal(keys[^1].Sequence, last.Sequence);
    }

    /// <summary>Without what others write meanwhile, where the store is shared.</summary>
    private List<(long Sequence, string Key)> Own(IReadOnlyList<(long Sequence, string Key)> keys) =>
        [.. keys.Where(item => item.Key.EndsWith(Harness.NameOf(""), StringComparison.Ordinal))];

    [Fact(Timeout = Limit)]
    public async Task Keys_are_followed_page_by_page()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var after = await Documents.LatestSequenceAsync(Cancelled);
        await Documents.WriteAsync([.. Numbered(25).Select(number => DocumentOf(number, "x"))], Cancelled);
        var followed = new List<string>();
        while (await Documents.KeysAfterAsync(after, 10, Cancelled) is { Count: > 0 } page)
        {
            Assert.InRange(page.Count, 1, 10);
            followed.AddRange(Own(page).Select(item => item.Key));
            after = page[^1].Sequence;
        }
        Assert.Equal(Numbered(25).Select(Harness.NameOf), followed);
    }

    [Fact(Timeout = Limit)]
    public async Task A_completion_s_document_is_followed_like_any_other()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var (_, _, delivery) = await ReceiveOneAsync();
        var before = await Documents.LatestSequenceAsync(Cancelled);
        await Transport.CompleteAsync(new Completion(delivery, Settlement.Ack) { Document = DocumentOf("result", "5") }, Cancelled);
        Assert.Equal([Harness.NameOf("result")], Own(await Documents.KeysAfterAsync(before, 1000, Cancelled)).Select(item => item.Key));
    }

    [Fact(Timeout = Limit)]
    public async Task A_document_is_not_read_after_its_expiry()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var now = TimeProvider.System.GetUtcNow();
        await Documents.WriteAsync(
            [DocumentOf("past", "1") with { ExpiresAt = now.AddSeconds(-1) }, DocumentOf("future", "2") with { ExpiresAt = now.AddHours(1) }], Cancelled);
        Assert.Null(await ReadDocumentAsync("past"));
        Assert.Equal("2", await ReadDocumentAsync("future"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_final_document_may_be_written_anew_after_its_expiry()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([DocumentOf("a", "old") with { IsFinal = true, ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(-1) }], Cancelled);
        await Documents.WriteAsync([DocumentOf("a", "new")], Cancelled);
        Assert.Equal("new", await ReadDocumentAsync("a"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_deleted_document_is_gone_and_may_be_written_anew_even_if_it_was_final()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([DocumentOf("a", "old") with { IsFinal = true }, DocumentOf("b", "kept")], Cancelled);
        await Documents.DeleteAsync([Harness.NameOf("a"), Harness.NameOf("absent")], Cancelled);
        Assert.Null(await ReadDocumentAsync("a"));
        await Documents.WriteAsync([DocumentOf("a", "new")], Cancelled);
        Assert.Equal("new", await ReadDocumentAsync("a"));
        Assert.Equal("kept", await ReadDocumentAsync("b"));
    }

    [Theory(Timeout = Limit)]
    [InlineData(0)]
    [InlineData(1024 * 1024)]
    public async Task A_document_arrives_byte_for_byte_at_a_length_of(int length)
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        await Documents.WriteAsync([new Document(Harness.NameOf("a"), Bytes(length))], Cancelled);
        var found = Assert.Single(await Documents.ReadAsync([Harness.NameOf("a")], Cancelled));
        Assert.True(found.Content.Span.SequenceEqual(Bytes(length)));
    }

    [Fact(Timeout = Limit)]
    public async Task Many_writers_of_documents_lose_none()
    {
        if (DocumentsAreAbsent())
        {
            return;
        }
        var before = await Documents.LatestSequenceAsync(Cancelled);
        await Task.WhenAll(Numbered(200).Select(number => Task.Run(async () => await Documents.WriteAsync([DocumentOf(number, number)], Cancelled))));
        var keys = Own(await Documents.KeysAfterAsync(before, 1000, Cancelled));
        Assert.Equal(Numbered(200).Select(Harness.NameOf).Order(), keys.Select(item => item.Key).Order());
        Assert.Equal(200, keys.Select(item => item.Sequence).Distinct().Count());
    }
}
