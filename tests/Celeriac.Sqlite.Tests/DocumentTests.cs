using System.Text;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class DocumentTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_reader_follows_what_is_written_in_order()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();

        await store.WriteAsync([Document("a", "1"), Document("b", "1")]);
        var seen = await store.LatestSequenceAsync();
        await store.WriteAsync([Document("c", "1")]);
        await store.WriteAsync([Document("a", "2")]);

        Assert.Equal(["c", "a"], (await store.KeysAfterAsync(seen, 10)).Select(entry => entry.Key));
        Assert.Equal(["b"], (await store.KeysAfterAsync(0, 1)).Select(entry => entry.Key));
        Assert.Equal(["2", "1"], await store.ReadTextsAsync("a", "none", "b"));
    }

    [Fact]
    public async Task One_look_brings_the_new_documents_that_are_wanted_and_old_ones_by_key()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var large = new string('x', 100_000);
        await store.WriteAsync([Document("old", "1"), Document("older", "1")]);
        var seen = await store.LatestSequenceAsync();
        await store.WriteAsync([Document("new", "2"), Document("foreign", "3"), Document("large", large)]);

        var news = await store.FollowAsync(seen, 10, ["old", "none"], key => key != "foreign");

        Assert.Equal(["2", large, "1"], news.Documents.Select(document => Encoding.UTF8.GetString(document.Content.Span)));
        Assert.Equal(await store.LatestSequenceAsync(), news.Place);
        Assert.Empty((await store.FollowAsync(news.Place, 10, [], _ => true)).Documents);
    }

    [Fact]
    public async Task A_query_is_not_compiled_anew_for_other_parameters()
    {
        await using var file = new TestFile();
        await file.OpenAsync();

        Assert.Equal(0, RawFile.CountRecompilations(file.Path, "SELECT key FROM documents WHERE sequence > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY sequence LIMIT ?"));
    }

    [Fact]
    public async Task The_latest_sequence_does_not_fall_when_documents_are_deleted()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        await store.WriteAsync([Document("a", "1"), Document("b", "1")]);
        var latest = await store.LatestSequenceAsync();

        await store.DeleteAsync(["a", "b"]);
        Assert.Equal(latest, await store.LatestSequenceAsync());
        await store.WriteAsync([Document("c", "1")]);

        Assert.True(await store.LatestSequenceAsync() > latest);
    }

    [Fact]
    public async Task A_final_document_is_never_overwritten()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();

        await store.WriteAsync([Document("k", "started")]);
        await store.WriteAsync([Document("k", "success", isFinal: true)]);
        await store.WriteAsync([Document("k", "retry")]);
        await store.WriteAsync([Document("k", "failure", isFinal: true)]);

        Assert.Equal(["success"], await store.ReadTextsAsync("k"));
    }

    [Fact]
    public async Task An_expired_document_is_not_read_and_may_be_written_anew()
    {
        await using var file = new TestFile();
        var clock = new SetClock(Noon);
        var store = await file.OpenAsync(time: clock);
        await store.WriteAsync([Document("k", "old", isFinal: true, expiresAt: Noon.AddSeconds(1))]);

        Assert.Equal(["old"], await store.ReadTextsAsync("k"));
        clock.Now = Noon.AddSeconds(1);
        Assert.Empty(await store.ReadTextsAsync("k"));
        Assert.Empty(await store.KeysAfterAsync(0, 10));
        await store.WriteAsync([Document("k", "new")]);

        Assert.Equal(["new"], await store.ReadTextsAsync("k"));
    }

    [Fact]
    public async Task A_sweep_deletes_expired_documents_some_hundreds_at_a_time()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var expired = Enumerable.Range(0, 700).Select(number => Document($"{number}", "x", expiresAt: Noon));
        await store.WriteAsync([.. expired, Document("kept", "x", expiresAt: Noon.AddMilliseconds(1)), Document("timeless", "x")]);

        store.Sweep(Noon.ToUnixTimeMilliseconds());
        Assert.Equal(202, RawFile.Number(file.Path, "SELECT count(*) FROM documents"));
        store.Sweep(Noon.ToUnixTimeMilliseconds());

        Assert.Equal(2, RawFile.Number(file.Path, "SELECT count(*) FROM documents"));
    }

    [Fact]
    public async Task Documents_and_queues_survive_closing_the_file()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        await store.WriteAsync([Document("k", "v")]);
        await store.PutAsync(Put(queue, "m"));

        await store.DisposeAsync();
        var again = await file.OpenAsync();

        Assert.Equal(["v"], await again.ReadTextsAsync("k"));
        Assert.Equal(1, (await again.CountAsync(queue, Now)).Ready);
    }
}
