using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Tests;

/// <summary>Files that an older Celeriac has written are brought up with all they hold.</summary>
public class OlderVersionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_file_of_an_older_version_is_brought_up_with_what_it_holds(int version)
    {
        await using var file = new TestFile();
        WriteOld(file, version);

        await using var store = await file.OpenAsync();
        Assert.Equal(SqliteSchema.Version, RawFile.Number(file.Path, "PRAGMA user_version"));
        Assert.Equal("ok", RawFile.Text(file.Path, "PRAGMA integrity_check"));

        var snapshot = await store.LookupAsync();
        var queue = Assert.Single(snapshot.Queues);
        Assert.Equal(("q", 7, 7L), (queue.Declaration.Name, snapshot.Version, queue.Id));
        Assert.Equal(new QueueCounts(3) { Delayed = 1, Unacknowledged = 1, Consumers = 1 }, await store.CountAsync(7, now: 1_000));

        var holder = await store.RegisterAsync("new", [7]);
        var taken = (await store.TakeAsync(new TakeRequest(holder, [7], 10, Now: 1_000))).Messages;
        Assert.Equal(["urgent", "first", new string('x', 5000)], taken.Bodies());
        Assert.Equal([1L, 3L, 1L], taken.Select(message => message.Claim.Generation));
        Assert.Equal(2, taken[1].Deaths);
        Assert.Equal("zstd", taken[1].Message.ContentEncoding);
        foreach (var message in taken)
        {
            Assert.Equal(UnitStatus.Applied, await store.EndAsync(message));
        }
    }

    [Fact]
    public async Task What_was_claimed_or_delayed_in_an_older_file_is_so_in_the_new_one()
    {
        await using var file = new TestFile();
        WriteOld(file, 2);
        await using var store = await file.OpenAsync();
        var holder = await store.RegisterAsync("new", [7]);

        Assert.Equal(1, store.Reclaim([new HolderBeat(5, "old", 0, TimeSpan.FromSeconds(10))]));
        var taken = (await store.TakeAsync(new TakeRequest(holder, [7], 10, Now: 9_000))).Messages;

        Assert.Equal(["urgent", "first", "claimed", new string('x', 5000), "delayed"], taken.Bodies());
        Assert.Equal((4L, 1), (taken[2].Claim.Generation, taken[2].Deaths));
    }

    [Fact]
    public async Task Numbers_go_on_where_an_older_file_ended()
    {
        await using var file = new TestFile();
        WriteOld(file, 2);
        await using var store = await file.OpenAsync();
        var holder = await store.RegisterAsync("new", [7]);

        Assert.Equal(40, await store.LatestSequenceAsync());
        Assert.Equal(33, Assert.Single(await store.ReadAsync(["a"])).Sequence);
        await store.WriteAsync([new Document("b", new byte[] { 1 })]);
        Assert.Equal(41, Assert.Single(await store.ReadAsync(["b"])).Sequence);
        await store.PutAsync(new StorePut(7, new Message { Body = "new"u8.ToArray() }, "", "q") { Priority = 9 });
        Assert.Equal(91, (await store.TakeAsync(new TakeRequest(holder, [7], 1, Now: 1_000))).Messages[0].Claim.Tag);
    }

    [Fact]
    public async Task A_file_that_a_process_of_an_older_version_has_open_is_not_touched()
    {
        await using var file = new TestFile();
        WriteOld(file, 2);
        RawFile.Execute(file.Path, $"INSERT INTO sessions(machine, process, started_at, synchronous) VALUES('{Environment.MachineName}', 1, 0, 'full')");

        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => file.OpenAsync());

        Assert.Contains("has schema version 2 and is open in process 1, which works with an older Celeriac", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, RawFile.Number(file.Path, "PRAGMA user_version"));
        Assert.Equal(5, RawFile.Number(file.Path, "SELECT count(*) FROM messages WHERE attempt >= 0"));
    }

    private static void WriteOld(TestFile file, int version)
    {
        RawFile.Execute(file.Path, "PRAGMA journal_mode = WAL; PRAGMA auto_vacuum = INCREMENTAL;");
        RawFile.Execute(file.Path, Tables2);
        if (version == 2)
        {
            RawFile.Execute(file.Path, "CREATE TABLE state(version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires_at INTEGER, content BLOB NOT NULL) STRICT; CREATE INDEX state_expiring ON state(expires_at) WHERE expires_at IS NOT NULL");
        }
        RawFile.Execute(file.Path, Rows);
        RawFile.Execute(file.Path, $"PRAGMA application_id = {SqliteSchema.ApplicationId}; PRAGMA user_version = {version}");
    }

    private static string Blob(string text) => $"x'{Convert.ToHexString(Encoding.UTF8.GetBytes(text))}'";

    private static string Rows => $"""
        UPDATE meta SET value = 7;
        INSERT INTO queues(id, name, durable, used_at) VALUES(7, 'q', 1, 0);
        INSERT INTO holders(id, name, lease_ticks) VALUES(5, 'old', 100000000);
        INSERT INTO holder_queues VALUES(5, 7);
        INSERT INTO messages(id, queue, priority, due, holder, attempt, deaths, expires_at, exchange, routing_key, content_encoding, persistent, headers, body) VALUES
          (11, 7, 0, 0, NULL, 2, 2, 0, '', 'q', 'zstd', 1, x'', {Blob("first")}),
          (12, 7, 0, 0, 5, 3, 0, 0, '', 'q', NULL, 1, x'', {Blob("claimed")}),
          (13, 7, 0, 0, NULL, 0, 0, 0, '', 'q', NULL, 1, x'', NULL),
          (14, 7, 5, 0, NULL, 0, 0, 0, '', 'q', NULL, 1, x'', {Blob("urgent")}),
          (15, 7, 0, 5000, NULL, 0, 0, 0, '', 'q', NULL, 1, x'', {Blob("delayed")});
        INSERT INTO bodies VALUES(13, {Blob(new string('x', 5000))});
        UPDATE sqlite_sequence SET seq = 90 WHERE name = 'messages';
        INSERT INTO documents(sequence, key, expires_at, is_final, content) VALUES(33, 'a', NULL, 1, x'01');
        UPDATE sqlite_sequence SET seq = 40 WHERE name = 'documents';
        """;

    // As version 2 made them, without shared state.
    private const string Tables2 = """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO meta(name, value) VALUES('topology_version', 0);
        CREATE TABLE exchanges(name TEXT PRIMARY KEY, type INTEGER NOT NULL, durable INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE queues(
          id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, durable INTEGER NOT NULL,
          expires_ticks INTEGER, message_ttl_ticks INTEGER, max_priority INTEGER,
          dead_letter_exchange TEXT, dead_letter_routing_key TEXT, used_at INTEGER NOT NULL) STRICT;
        CREATE TABLE bindings(
          exchange TEXT NOT NULL, queue TEXT NOT NULL, routing_key TEXT NOT NULL,
          PRIMARY KEY(exchange, queue, routing_key)) STRICT, WITHOUT ROWID;
        CREATE TABLE dropped_queues(id INTEGER PRIMARY KEY) STRICT;
        CREATE TABLE messages(
          id INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL, priority INTEGER NOT NULL, due INTEGER NOT NULL,
          holder INTEGER, attempt INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0, expires_at INTEGER NOT NULL,
          exchange TEXT NOT NULL, routing_key TEXT NOT NULL,
          content_type TEXT, content_encoding TEXT, correlation_id TEXT, reply_to TEXT, message_id TEXT,
          message_priority INTEGER, expiration_ticks INTEGER, persistent INTEGER NOT NULL, headers BLOB, body BLOB) STRICT;
        CREATE INDEX messages_ready ON messages(queue, priority DESC, id) WHERE holder IS NULL AND due = 0;
        CREATE INDEX messages_delayed ON messages(queue, due) WHERE due > 0;
        CREATE INDEX messages_claimed ON messages(holder, queue) WHERE holder IS NOT NULL;
        CREATE INDEX messages_expiring ON messages(queue, expires_at) WHERE holder IS NULL AND expires_at > 0;
        CREATE TABLE bodies(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
        CREATE TRIGGER messages_removed AFTER DELETE ON messages WHEN OLD.body IS NULL BEGIN DELETE FROM bodies WHERE id = OLD.id; END;
        CREATE TABLE documents(
          sequence INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires_at INTEGER, is_final INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
        CREATE INDEX documents_expiring ON documents(expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE holders(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, lease_ticks INTEGER NOT NULL, beat INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE holder_queues(holder INTEGER NOT NULL, queue INTEGER NOT NULL, PRIMARY KEY(holder, queue)) STRICT, WITHOUT ROWID;
        CREATE TABLE sessions(id INTEGER PRIMARY KEY AUTOINCREMENT, machine TEXT NOT NULL, process INTEGER NOT NULL, started_at INTEGER NOT NULL, synchronous TEXT NOT NULL) STRICT;
        """;
}
