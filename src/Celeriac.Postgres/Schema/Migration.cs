using System.Globalization;
using Celeriac.Messaging;
using Npgsql;

namespace Celeriac.Postgres.Schema;

/// <summary>Makes the schema, and brings an older one up: one transaction, one process at a time.</summary>
internal static class Migration
{
    /// <summary>The class of our advisory locks: "Clrc" in ASCII.</summary>
    public const int LockClass = 0x436C7263;

    /// <summary>The version of the tables and functions that this package works with. Each version has a script <c>00N-….sql</c>; functions are written anew by each.</summary>
    public const int Version = 3;

    private static readonly string[] s_scripts = ["001-tables.sql", "002-inbox-result.sql", "003-functions.sql"];

    /// <summary>Answers the version that the schema was brought to; null where it was there already.</summary>
    /// <exception cref="TransportRefusedException">The schema is newer than this package, or missing or older and must not be changed.</exception>
    public static async Task<int?> RunAsync(NpgsqlConnection connection, string schema, bool mayChange, string name, CancellationToken cancellationToken)
    {
        var present = await ReadVersionAsync(connection, schema, cancellationToken).ConfigureAwait(false);
        if (IsPresent(present, schema, name))
        {
            return null;
        }
        if (!mayChange)
        {
            throw new TransportRefusedException(
                $"Schema '{schema}' of '{name}' is {(present == 0 ? "missing" : $"of version {present}")}, version {Version} is needed, and the URL says migrate=false. Run 'celeriac migrate' as the schema's owner.");
        }
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockClass}, 0)", cancellationToken).ConfigureAwait(false);
            // Another process may have been first.
            present = await ReadVersionAsync(connection, schema, cancellationToken).ConfigureAwait(false);
            if (IsPresent(present, schema, name))
            {
                return null;
            }
            await ExecuteAsync(connection, ScriptFrom(present, schema), cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        return Version;
    }

    private static bool IsPresent(int present, string schema, string name) => present <= Version
        ? present == Version
        : throw new TransportRefusedException(
            $"Schema '{schema}' of '{name}' has version {present}, but this Celeriac.Postgres knows versions up to {Version}. Upgrade the package, or name another schema.");

    private static string ScriptFrom(int present, string schema)
    {
        // A schema that an administrator made for a user without the right to make any is used as it is.
        var script = present > 0 ? "" : $"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '{schema}') THEN CREATE SCHEMA {schema}; END IF; END $$;\n";
        foreach (var file in s_scripts.Skip(present).Append("functions.sql"))
        {
            script += Read(file).Replace("{schema}", schema, StringComparison.Ordinal).Replace("{lock}", LockClass.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }
        return script + $"INSERT INTO {schema}.meta(name, value) VALUES ('schema_version', {Version}) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value;";
    }

    private static string Read(string file)
    {
        using var stream = typeof(Migration).Assembly.GetManifestResourceStream(file)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static async Task<int> ReadVersionAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        // Not to_regclass: within a transaction it does not see what another one has made meanwhile.
        var isThere = new NpgsqlCommand(
            $"SELECT EXISTS(SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{schema}' AND c.relname = 'meta')", connection);
        await using (isThere.ConfigureAwait(false))
        {
            if (!(bool)(await isThere.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                return 0;
            }
        }
        var version = new NpgsqlCommand($"SELECT value FROM {schema}.meta WHERE name = 'schema_version'", connection);
        await using (version.ConfigureAwait(false))
        {
            return (int)((long?)await version.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) ?? 0);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(text, connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
