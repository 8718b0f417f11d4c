namespace Celeriac.Sqlite.Engine;

/// <summary>The tables, and the marks by which a file is known as ours.</summary>
internal static class SqliteSchema
{
    /// <summary>SQLite's application id in the file's header: "Clrc" in ASCII.</summary>
    public const int ApplicationId = 0x436C7263;

    /// <summary>The version of the tables, in SQLite's user_version. A newer one is refused, an older one is brought up.</summary>
    public const int Version = 2;

    /// <summary>Bodies above this many bytes lie in a table of their own, so that a claim, which rewrites the message's row, does not rewrite them.</summary>
    public const int LargestBodyInRow = 4096;

    /// <summary>
    /// One row a message. What is ready, delayed, claimed or expiring is each in a partial index, so that none of them slows another.
    /// AUTOINCREMENT wherever a number must never come back: a message's and a holder's number are what a claim is fenced by.
    /// </summary>
    public const string Tables = """
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

        """ + SharedState;

    /// <summary>What version 2 has added. A version is a row number, which never comes back.</summary>
    public const string SharedState = """
        CREATE TABLE state(version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires_at INTEGER, content BLOB NOT NULL) STRICT;
        CREATE INDEX state_expiring ON state(expires_at) WHERE expires_at IS NOT NULL;
        """;
}
