namespace Celeriac.Sqlite.Engine;

/// <summary>The tables, and the marks by which a file is known as ours.</summary>
internal static class SqliteSchema
{
    /// <summary>SQLite's application id in the file's header: "Clrc" in ASCII.</summary>
    public const int ApplicationId = 0x436C7263;

    /// <summary>The version of the tables, in SQLite's user_version. A newer one is refused, an older one is brought up.</summary>
    public const int Version = 3;

    /// <summary>The tables of a new file.</summary>
    public const string Tables = $"""
        CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO meta(name, value) VALUES('topology_version', 0), ('last_message', 0), ('last_document', 0);

        CREATE TABLE exchanges(name TEXT PRIMARY KEY, type INTEGER NOT NULL, durable INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE queues(
          id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, durable INTEGER NOT NULL,
          expires_ticks INTEGER, message_ttl_ticks INTEGER, max_priority INTEGER,
          dead_letter_exchange TEXT, dead_letter_routing_key TEXT, used_at INTEGER NOT NULL) STRICT;
        CREATE TABLE bindings(
          exchange TEXT NOT NULL, queue TEXT NOT NULL, routing_key TEXT NOT NULL,
          PRIMARY KEY(exchange, queue, routing_key)) STRICT, WITHOUT ROWID;
        CREATE TABLE dropped_queues(id INTEGER PRIMARY KEY) STRICT;

        CREATE TABLE holders(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, lease_ticks INTEGER NOT NULL, beat INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE holder_queues(holder INTEGER NOT NULL, queue INTEGER NOT NULL, PRIMARY KEY(holder, queue)) STRICT, WITHOUT ROWID;

        CREATE TABLE sessions(id INTEGER PRIMARY KEY AUTOINCREMENT, machine TEXT NOT NULL, process INTEGER NOT NULL, started_at INTEGER NOT NULL, synchronous TEXT NOT NULL) STRICT;

        {SharedState}
        {Messages}
        {Documents}
        """;

    /// <summary>What version 2 has added. A version is a row number, which never comes back.</summary>
    private const string SharedState = """
        CREATE TABLE state(version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires_at INTEGER, content BLOB NOT NULL) STRICT;
        CREATE INDEX state_expiring ON state(expires_at) WHERE expires_at IS NOT NULL;
        """;

    /// <summary>
    /// A message is written once and deleted once. Where it stands is a short row in one of three tables: ready, delayed or claimed, so that a claim moves a few bytes and
    /// not the message. Its number comes from <c>meta</c> and never comes back: a claim is fenced by it.
    /// </summary>
    private const string Messages = """
        CREATE TABLE messages(
          id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, priority INTEGER NOT NULL, due INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          exchange TEXT NOT NULL, routing_key TEXT NOT NULL,
          content_type TEXT, content_encoding TEXT, correlation_id TEXT, reply_to TEXT, message_id TEXT,
          message_priority INTEGER, expiration_ticks INTEGER, persistent INTEGER NOT NULL, headers BLOB NOT NULL, body BLOB NOT NULL) STRICT;
        CREATE INDEX messages_expiring ON messages(queue, expires_at) WHERE expires_at > 0;
        CREATE TABLE ready(
          queue INTEGER NOT NULL, priority INTEGER NOT NULL, id INTEGER NOT NULL, attempt INTEGER NOT NULL, deaths INTEGER NOT NULL,
          PRIMARY KEY(queue, priority DESC, id)) STRICT, WITHOUT ROWID;
        CREATE TABLE delayed(
          queue INTEGER NOT NULL, due INTEGER NOT NULL, id INTEGER NOT NULL, priority INTEGER NOT NULL, PRIMARY KEY(queue, due, id)) STRICT, WITHOUT ROWID;
        CREATE TABLE claims(
          id INTEGER PRIMARY KEY, holder INTEGER NOT NULL, queue INTEGER NOT NULL, priority INTEGER NOT NULL, attempt INTEGER NOT NULL, deaths INTEGER NOT NULL) STRICT;
        """;

    /// <summary>The sequence is a place in the log of writes, from <c>meta</c>; it only grows.</summary>
    private const string Documents = """
        CREATE TABLE documents(
          sequence INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, expires_at INTEGER, is_final INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
        CREATE INDEX documents_expiring ON documents(expires_at) WHERE expires_at IS NOT NULL;
        """;

    /// <summary>Brings version 2 up: there a claim was a column of the message, and large bodies lay in a table of their own because of it.</summary>
    private const string FromVersion2 = $"""
        DROP TRIGGER messages_removed;
        DROP INDEX messages_ready; DROP INDEX messages_delayed; DROP INDEX messages_claimed; DROP INDEX messages_expiring; DROP INDEX documents_expiring;
        INSERT INTO meta(name, value) VALUES
          ('last_message', coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)),
          ('last_document', coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'documents'), 0));
        ALTER TABLE messages RENAME TO messages_2;
        ALTER TABLE documents RENAME TO documents_2;
        {Messages}
        {Documents}
        INSERT INTO ready(queue, priority, id, attempt, deaths) SELECT queue, priority, id, attempt, deaths FROM messages_2 WHERE holder IS NULL AND due = 0;
        INSERT INTO delayed(queue, due, id, priority) SELECT queue, due, id, priority FROM messages_2 WHERE holder IS NULL AND due > 0;
        INSERT INTO claims(id, holder, queue, priority, attempt, deaths) SELECT id, holder, queue, priority, attempt, deaths FROM messages_2 WHERE holder IS NOT NULL;
        INSERT INTO messages(id, queue, priority, due, expires_at, exchange, routing_key, content_type, content_encoding, correlation_id, reply_to,
            message_id, message_priority, expiration_ticks, persistent, headers, body)
          SELECT m.id, m.queue, m.priority, m.due, m.expires_at, m.exchange, m.routing_key, m.content_type, m.content_encoding, m.correlation_id, m.reply_to,
            m.message_id, m.message_priority, m.expiration_ticks, m.persistent, coalesce(m.headers, x''), coalesce(m.body, b.body, x'')
          FROM messages_2 m LEFT JOIN bodies b ON b.id = m.id;
        INSERT INTO documents(sequence, key, expires_at, is_final, content) SELECT sequence, key, expires_at, is_final, content FROM documents_2;
        DROP TABLE messages_2; DROP TABLE documents_2; DROP TABLE bodies;
        """;

    /// <summary>What makes the tables of a version into those of this one.</summary>
    public static string BringUpFrom(long version) => version == 1 ? SharedState + FromVersion2 : FromVersion2;
}
