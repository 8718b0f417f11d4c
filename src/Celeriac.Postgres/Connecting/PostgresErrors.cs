using System.Net.Sockets;
using Celeriac.Messaging;
using Npgsql;

namespace Celeriac.Postgres.Connecting;

/// <summary>Errors of the client library and of the server in the user's words.</summary>
internal static class PostgresErrors
{
    /// <summary>True where the connection is gone or useless: the same work may succeed on the next one.</summary>
    public static bool IsLoss(Exception error) => error switch
    {
        // Shutdown, crash recovery, terminated by an operator, a former primary that only reads now.
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "57P05" or "25006" } => true,
        PostgresException server => server.SqlState.StartsWith("08", StringComparison.Ordinal) || server.SqlState == "53300",
        NpgsqlException or SocketException or IOException or TimeoutException or ObjectDisposedException => true,
        // The library answers so when a connection was closed under a command.
        InvalidOperationException => true,
        _ => false,
    };

    /// <summary>True for a deadlock or a conflict between transactions: nothing was written, and the same work succeeds when it is done again.</summary>
    public static bool IsConflict(Exception error) => error is PostgresException { SqlState: "40P01" or "40001" or "55P03" };

    /// <summary>The error as callers see it.</summary>
    public static Exception Translate(Exception error, string name) => error switch
    {
        TransportException or OperationCanceledException => error,
        PostgresException server => OfServer(server, name),
        _ when IsLoss(error) => new TransportException($"'{name}' cannot be reached: {Reason(error)} Check the server, the network and the URL.", error),
        _ => error,
    };

    /// <summary>What went wrong, in a sentence, without what might hold a password.</summary>
    public static string Reason(Exception error)
    {
        var innermost = error;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }
        var text = innermost.Message.Trim();
        return text.EndsWith('.') ? text : $"{text}.";
    }

    private static TransportException OfServer(PostgresException error, string name) => error.SqlState switch
    {
        "28P01" or "28000" => new TransportRefusedException($"'{name}' refuses the login: {error.MessageText}. Check user and password in the URL, and the server's pg_hba.conf.", error),
        "3D000" => new TransportRefusedException($"'{name}' has no such database: {error.MessageText}. Create it, or name another one in the URL.", error),
        "42501" => new TransportRefusedException($"'{name}' denies it: {error.MessageText}. Grant the user what docs/postgres.md lists, or let an owner run 'celeriac migrate'.", error),
        "53100" => new TransportException($"The disk of '{name}' is full: {error.MessageText}. Nothing was stored. Free some space.", error),
        "53300" => new TransportException($"'{name}' has no connection left: {error.MessageText}. Raise max_connections, or lower 'connections' in the URLs.", error),
        "22021" => new TransportRefusedException($"'{name}' cannot store a text with the character U+0000 in it: {error.MessageText}. Send such text in a header or the body.", error),
        ['2' or '4' or '5', ..] when !IsLoss(error) && !IsConflict(error) => new TransportRefusedException($"'{name}' refuses a statement ({error.SqlState}): {error.MessageText}. Nothing of it was stored.", error),
        _ => new TransportException($"'{name}' could not do it now ({error.SqlState}): {error.MessageText}. Try again.", error),
    };
}
