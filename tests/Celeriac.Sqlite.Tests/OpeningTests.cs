using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Files;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class OpeningTests
{
    [Fact]
    public async Task A_missing_folder_is_refused_by_name()
    {
        await using var file = new TestFile();
        var options = new SqliteOptions(Path.Combine(file.Folder, "missing", "test.db"));
        await using var store = new SqliteQueueStore(options, new TransportContext());

        var error = await Assert.ThrowsAsync<TransportRefusedException>(async () => await store.OpenAsync());

        Assert.Contains($"the folder '{Path.Combine(file.Folder, "missing")}' does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_file_can_be_opened_by_many_at_the_same_moment()
    {
        for (var round = 0; round < 20; round++)
        {
            await using var file = new TestFile();
            var stores = Enumerable.Range(0, 6).Select(_ => new SqliteQueueStore(new SqliteOptions(file.Path), new TransportContext())).ToList();
            await Task.WhenAll(stores.Select(store => Task.Run(async () => await store.OpenAsync())));
            foreach (var store in stores)
            {
                await store.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_folder_is_refused_as_a_file()
    {
        await using var file = new TestFile();
        await using var store = new SqliteQueueStore(new SqliteOptions(file.Folder), new TransportContext());

        var error = await Assert.ThrowsAsync<TransportRefusedException>(async () => await store.OpenAsync());

        Assert.Contains("is a folder. Name a file in it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_not_touched()
    {
        await using var file = new TestFile();
        var content = string.Concat(Enumerable.Repeat("This is a diary. ", 1000));
        await File.WriteAllTextAsync(file.Path, content);

        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => file.OpenAsync());

        Assert.Contains($"'{file.Path}' is not an SQLite database", error.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(file.Path));
        Assert.Equal([file.Path], Directory.GetFiles(file.Folder));
    }

    [Fact]
    public async Task The_database_of_another_program_is_refused_and_not_touched()
    {
        await using var file = new TestFile();
        RawFile.Execute(file.Path, "CREATE TABLE accounts(name)");
        var before = await File.ReadAllBytesAsync(file.Path);

        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => file.OpenAsync());

        Assert.Contains("is an SQLite database of another program", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(file.Path));
        Assert.Equal([file.Path], Directory.GetFiles(file.Folder));
    }

    [Fact]
    public async Task Expired_state_is_swept()
    {
        await using var file = new TestFile();
        await using var store = await file.OpenAsync();
        await store.State.TryWriteAsync([new StateChange("kind/a", new byte[] { 1 }) { Lifetime = TimeSpan.FromHours(1) }, new StateChange("kind/b", new byte[] { 1 })]);
        store.Sweep(TimeProvider.System.GetUtcNow().AddHours(2).ToUnixTimeMilliseconds());
        Assert.Equal("kind/b", RawFile.Text(file.Path, "SELECT group_concat(key) FROM state"));
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused()
    {
        await using var file = new TestFile();
        await (await file.OpenAsync()).DisposeAsync();
        RawFile.Execute(file.Path, $"PRAGMA user_version = {SqliteSchema.Version + 1}");

        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => file.OpenAsync());

        Assert.Contains("was written by a newer Celeriac", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_is_refused_by_name()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        await store.PutAsync([.. Enumerable.Range(0, 500).Select(_ => Put(queue, 1000))]);
        await store.DisposeAsync();
        // All pages but the first, whose header still says that it is ours.
        using (var damaged = File.OpenWrite(file.Path))
        {
            damaged.Position = 4096;
            damaged.Write(Enumerable.Repeat((byte)0xA5, (int)damaged.Length - 4096).ToArray());
        }

        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => file.OpenAsync());

        Assert.Contains($"'{file.Path}' is damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_refusal_the_same_store_opens_once_the_cause_is_gone()
    {
        await using var file = new TestFile();
        await File.WriteAllTextAsync(file.Path, new string('x', 5000));
        var store = file.Make();
        await Assert.ThrowsAsync<TransportRefusedException>(async () => await store.OpenAsync());

        File.Delete(file.Path);
        await store.OpenAsync();

        Assert.Equal(0, (await store.LookupAsync()).Version);
    }

    [Fact]
    public async Task A_file_removed_while_it_is_open_is_reported_and_not_written_into_the_void()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        File.Delete(file.Path);

        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => store.PutAsync(Put(queue, "m")));

        Assert.Contains("was removed while it was open", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_with_weaker_settings_is_warned_of()
    {
        await using var file = new TestFile();
        var strong = await file.OpenAsync();
        await file.OpenAsync("?synchronous=normal");

        strong.Sweep(Now);
        strong.Sweep(Now);

        var warning = Assert.Single(file.Logs.Of(401));
        Assert.Contains($"Process {Environment.ProcessId} on {Environment.MachineName} has '{file.Path}' open with synchronous=normal", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_closed_or_died_is_not_warned_of()
    {
        await using var file = new TestFile();
        await (await file.OpenAsync("?synchronous=normal")).DisposeAsync();
        RawFile.Execute(file.Path, $"INSERT INTO sessions(machine, process, started_at, synchronous) VALUES('{Environment.MachineName}', {int.MaxValue}, 0, 'normal')");
        RawFile.Execute(file.Path, $"INSERT INTO sessions(machine, process, started_at, synchronous) VALUES('{Environment.MachineName}', {Environment.ProcessId}, 0, 'normal')");

        var strong = await file.OpenAsync();
        strong.Sweep(Now);

        Assert.Empty(file.Logs.Of(401));
        Assert.Equal(1, RawFile.Number(file.Path, "SELECT count(*) FROM sessions"));
    }

    [Fact]
    public async Task A_journal_mode_set_by_another_program_is_put_back_with_a_warning()
    {
        await using var file = new TestFile();
        await (await file.OpenAsync()).DisposeAsync();
        RawFile.Execute(file.Path, "PRAGMA journal_mode = DELETE");

        await file.OpenAsync();

        Assert.Contains("was in journal mode 'delete'", Assert.Single(file.Logs.Of(402)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nfs", true)]
    [InlineData("cifs", true)]
    [InlineData("9p", true)]
    [InlineData("ext4", false)]
    [InlineData("tmpfs", false)]
    [InlineData("overlay", false)]
    public void Network_file_systems_are_known_by_name(string fileSystem, bool isNetwork) => Assert.Equal(isNetwork, PlaceCheck.IsNetwork(fileSystem));

    [Theory]
    [InlineData("sqlite://", "names no file")]
    [InlineData("sqlite:///data/", "names no file")]
    [InlineData("sqlite://a.db?synchronous=off", "must be one of full, normal")]
    [InlineData("sqlite://a.db?busy_timeout=soon", "must be a duration")]
    [InlineData("sqlite://a.db?syncronous=full", "Did you mean 'synchronous'")]
    public void A_wrong_url_is_refused(string url, string part)
    {
        var error = Assert.Throws<BrokerUrlException>(() => SqliteOptions.From(BrokerUrl.Parse(url)));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relative_path_is_in_the_working_directory_and_options_are_read()
    {
        var options = SqliteOptions.From(BrokerUrl.Parse("sqlite://data/a.db?synchronous=NORMAL&busy_timeout=250ms&max_size=7&allow_network=true&lease=3s&publish_timeout=1s"));

        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "data", "a.db"), options.Path);
        Assert.Equal((false, TimeSpan.FromMilliseconds(250), 7L, true), (options.IsFullySynchronous, options.BusyTimeout, options.MaximumMebibytes, options.AllowNetwork));
    }
}
