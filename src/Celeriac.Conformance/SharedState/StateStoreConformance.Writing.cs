using Celeriac.Messaging;

namespace Celeriac.Conformance;

// One value, and several that change together.
public abstract partial class StateStoreConformance<THarness>
{
    /// <summary>Nothing is there by itself.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_key_that_was_never_written_has_no_value()
    {
        Assert.Empty((await Store.ReadAsync([Key("a"), Key("b")], Cancelled)).Entries);
    }

    /// <summary>Bytes are bytes.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(256 * 1024)]
    public async Task A_value_comes_back_as_it_was_written(int length)
    {
        byte[] content = [.. Enumerable.Range(0, length).Select(number => (byte)number)];
        var written = await WrittenAsync(new StateChange(Key("a"), content));
        var read = Assert.IsType<StateEntry>(await ReadAsync("a"));
        Assert.Equal(content, read.Content.ToArray());
        Assert.Equal((Key("a"), written.Version, null), (read.Key, read.Version, read.ExpiresAt));
    }

    /// <summary>Also those that are deleted and written anew.</summary>
    [Fact(Timeout = Limit)]
    public async Task Every_write_has_a_version_of_its_own()
    {
        var versions = new List<long>();
        for (var round = 0; round < 5; round++)
        {
            versions.Add((await WrittenAsync(Put("a", "same"))).Version);
            versions.Add((await WrittenAsync(Put("a", "same"))).Version);
            Assert.True((await WriteAsync(Remove("a"))).IsWritten);
        }
        Assert.Equal(versions.Count, versions.Distinct().Count());
        Assert.DoesNotContain(versions, version => version <= 0);
    }

    /// <summary>Compare and set.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_write_is_made_while_the_version_is_the_expected_one()
    {
        var first = await WrittenAsync(Put("a", "1", expected: 0));
        var second = await WrittenAsync(Put("a", "2", expected: first.Version));
        Assert.NotEqual(first.Version, second.Version);
        Assert.Equal("2", await TextAsync("a"));
    }

    /// <summary>Who lost sees at once against whom.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_write_on_another_version_is_refused_and_shows_what_is_there()
    {
        var first = await WrittenAsync(Put("a", "1"));
        var second = await WrittenAsync(Put("a", "2"));
        foreach (var expected in new[] { 0, first.Version })
        {
            var answer = await WriteAsync(Put("a", "3", expected));
            Assert.False(answer.IsWritten);
            var present = Assert.Single(answer.Present.Entries);
            Assert.Equal((second.Version, "2"), (present.Version, TextOf(present)));
        }
        Assert.Equal("2", await TextAsync("a"));
    }

    /// <summary>A value that is gone has no version.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_write_on_a_version_that_is_gone_is_refused()
    {
        var first = await WrittenAsync(Put("a", "1"));
        await WriteAsync(Remove("a"));
        var answer = await WriteAsync(Put("a", "2", first.Version));
        Assert.False(answer.IsWritten);
        Assert.Empty(answer.Present.Entries);
        Assert.Null(await ReadAsync("a"));
    }

    /// <summary>All or none.</summary>
    [Fact(Timeout = Limit)]
    public async Task Several_values_change_together_or_not_at_all()
    {
        var a = await WrittenAsync(Put("a", "1"));
        Assert.False((await WriteAsync(Put("b", "1"), Put("a", "2", expected: 0), Put("c", "1"))).IsWritten);
        Assert.Equal(("1", null, null), (await TextAsync("a"), await TextAsync("b"), await TextAsync("c")));

        var answer = await WriteAsync(Put("b", "1", expected: 0), Put("a", "2", a.Version), Put("c", "1"));
        Assert.True(answer.IsWritten);
        Assert.Equal([Key("b"), Key("a"), Key("c")], answer.Present.Entries.Select(entry => entry.Key));
        Assert.Equal(("2", "1", "1"), (await TextAsync("a"), await TextAsync("b"), await TextAsync("c")));
    }

    /// <summary>With and without an expectation.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_value_is_deleted_if_its_version_is_the_expected_one()
    {
        var a = await WrittenAsync(Put("a", "1"));
        Assert.False((await WriteAsync(Remove("a", a.Version + 1))).IsWritten);
        Assert.Equal("1", await TextAsync("a"));
        var answer = await WriteAsync(Remove("a", a.Version));
        Assert.True(answer.IsWritten);
        Assert.Empty(answer.Present.Entries);
        Assert.Null(await ReadAsync("a"));
        Assert.True((await WriteAsync(Remove("a"))).IsWritten);
    }

    /// <summary>A deletion of nothing is an expectation and no more.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_write_may_depend_on_a_key_that_is_not_there()
    {
        Assert.True((await WriteAsync(Put("a", "1"), Remove("guard", expected: 0))).IsWritten);
        await WrittenAsync(Put("guard", "1"));
        Assert.False((await WriteAsync(Put("a", "2"), Remove("guard", expected: 0))).IsWritten);
        Assert.Equal(("1", "1"), (await TextAsync("a"), await TextAsync("guard")));
    }

    /// <summary>Whoever is faster wins, once.</summary>
    [Fact(Timeout = Limit)]
    public async Task One_of_many_who_claim_a_key_gets_it()
    {
        var stores = new[] { Store, Other, Harness.Open() };
        for (var round = 0; round < 10; round++)
        {
            var claims = Enumerable.Range(0, 12).Select(number => stores[number % 3].TryWriteAsync([Put($"claim{round}", $"{number}", expected: 0)], Cancelled).AsTask());
            var answers = await Task.WhenAll(claims);
            var winner = Array.FindIndex(answers, answer => answer.IsWritten);
            Assert.Equal(1, answers.Count(answer => answer.IsWritten));
            Assert.All(answers, answer => Assert.Equal($"{winner}", TextOf(Assert.Single(answer.Present.Entries))));
        }
    }

    /// <summary>No change is lost.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_number_that_many_raise_at_once_counts_every_one()
    {
        var stores = new[] { Store, Other };
        await Task.WhenAll(Enumerable.Range(0, 6).Select(number => StatePeerProgram.RaiseAsync(stores[number % 2], Key("sum"), 20)));
        Assert.Equal("120", await TextAsync("sum"));
    }

    /// <summary>Nor between processes.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_number_that_two_processes_raise_at_once_counts_every_one()
    {
        if (Harness.PeerAssembly is not { } assembly)
        {
            Assert.StartsWith("memory://", Harness.StateStore, StringComparison.Ordinal);
            return;
        }
        await using var peer = new PeerProcess(assembly, Harness.Patience, "state", Harness.StateStore);
        await peer.WaitForAsync("ready");
        await peer.SendAsync($"raise {Key("sum")} 150");
        await StatePeerProgram.RaiseAsync(Store, Key("sum"), 150);
        await peer.WaitForAsync("raised");
        Assert.Equal("300", await TextAsync("sum"));
    }
}
