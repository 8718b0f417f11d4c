using Celeriac.Messaging;

namespace Celeriac.Conformance;

// Lifetimes, lists and bounds.
public abstract partial class StateStoreConformance<THarness>
{
    private static readonly TimeSpan s_brief = TimeSpan.FromMilliseconds(300);

    /// <summary>What nobody releases is free again.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_value_expires_and_is_then_as_if_it_had_never_been()
    {
        var brief = await WrittenAsync(Put("a", "1", lifetime: s_brief));
        await WrittenAsync(Put("b", "1"));
        await EventuallyAsync(async () => await ReadAsync("a") is null, "the value has expired");

        Assert.Equal([Key("b")], (await Other.ListAsync($"{_kind}/", 10, cancellationToken: Cancelled)).Entries.Select(entry => entry.Key));
        Assert.False((await WriteAsync(Put("a", "2", brief.Version))).IsWritten);
        Assert.True((await WriteAsync(Put("a", "2", expected: 0))).IsWritten);
    }

    /// <summary>By the store's clock.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_value_says_when_it_expires()
    {
        var written = await WriteAsync(Put("a", "1", lifetime: TimeSpan.FromMinutes(10)), Put("b", "1"));
        var read = await Other.ReadAsync([Key("a"), Key("b")], Cancelled);
        foreach (var reading in new[] { written.Present, read })
        {
            Assert.InRange((reading.Find(Key("a"))!.ExpiresAt!.Value - reading.Now).TotalSeconds, 540, 600.1);
            Assert.Null(reading.Find(Key("b"))!.ExpiresAt);
        }
        Assert.InRange((TimeProvider.System.GetUtcNow() - read.Now).Duration().TotalMinutes, 0, 5);
    }

    /// <summary>A lifetime is the write's, not the key's.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_value_that_is_written_again_lives_as_long_as_the_last_write_says()
    {
        await WrittenAsync(Put("a", "1", lifetime: s_brief));
        await WrittenAsync(Put("marker", "1", lifetime: s_brief));
        await WrittenAsync(Put("a", "2"));
        await EventuallyAsync(async () => await ReadAsync("marker") is null, "a value of the same lifetime has expired");
        Assert.Equal("2", await TextAsync("a"));
    }

    /// <summary>Keys in order, and nothing but those.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_list_has_the_values_whose_keys_begin_with_a_text_in_order()
    {
        foreach (var name in new[] { "b", "a/2", "a/10", "a/1", "ab", "A/1", "a/~", "z" })
        {
            await WrittenAsync(Put(name, name));
        }
        await WrittenAsync(Put("a/gone", "1"));
        await WriteAsync(Remove("a/gone"));
        await Store.TryWriteAsync([new StateChange($"{_kind}x/a/1", "1"u8.ToArray()) { Lifetime = TimeSpan.FromMinutes(1) }], Cancelled);

        var listed = await Other.ListAsync(Key("a/"), 100, cancellationToken: Cancelled);
        Assert.Equal([Key("a/1"), Key("a/10"), Key("a/2"), Key("a/~")], listed.Entries.Select(entry => entry.Key));
        Assert.Equal(["a/1", "a/10", "a/2", "a/~"], listed.Entries.Select(TextOf));
        Assert.Equal(await ReadAsync("a/1") is { } one ? one.Version : 0, listed.Entries[0].Version);
        Assert.Equal(8, (await Other.ListAsync($"{_kind}/", 100, cancellationToken: Cancelled)).Entries.Count);
    }

    /// <summary>A page that is not full is the last one.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_long_list_comes_in_pages()
    {
        Assert.True((await WriteAsync([.. Enumerable.Range(0, 25).Select(number => Put($"p/{number:D2}", $"{number}"))])).IsWritten);
        var pages = new List<IReadOnlyList<StateEntry>>();
        string? after = null;
        do
        {
            pages.Add((await Other.ListAsync(Key("p/"), 10, after, Cancelled)).Entries);
            after = pages[^1] is [.., var last] ? last.Key : null;
        }
        while (pages[^1].Count == 10);
        Assert.Equal([10, 10, 5], pages.Select(page => page.Count));
        Assert.Equal(Enumerable.Range(0, 25).Select(number => $"{number}"), pages.SelectMany(page => page).Select(TextOf));
    }

    /// <summary>The bounds are the same everywhere, and are told before anything is sent.</summary>
    [Fact(Timeout = Limit)]
    public async Task What_is_out_of_bounds_is_refused_in_words()
    {
        foreach (var key in new[] { "", "a b", "ü", "a\n", new string('k', 513) })
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ReadAsync([key], Cancelled));
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.TryWriteAsync([new StateChange(key, Array.Empty<byte>())], Cancelled));
        }
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(new StateChange(Key("a"), new byte[(256 * 1024) + 1])));
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(Put("a", "1", lifetime: TimeSpan.Zero)));
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(Put("a", "1"), Put("a", "2")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ReadAsync([.. Enumerable.Range(0, 1001).Select(number => Key($"{number}"))], Cancelled));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ListAsync("nokind", 1, cancellationToken: Cancelled));
        Assert.Null(await ReadAsync("a"));
    }

    /// <summary>As many as a call takes.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_thousand_values_are_written_and_read_in_one_call()
    {
        var changes = Enumerable.Range(0, 1000).Select(number => Put($"{number}", $"{number}", expected: 0)).ToArray();
        Assert.True((await WriteAsync(changes)).IsWritten);
        var read = await Other.ReadAsync([.. changes.Select(change => change.Key)], Cancelled);
        Assert.Equal(Enumerable.Range(0, 1000).Select(number => $"{number}"), read.Entries.Select(TextOf));
    }
}
