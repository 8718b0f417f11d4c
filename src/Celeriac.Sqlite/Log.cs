using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite;

/// <summary>Every log sentence of this assembly. Event ids 400–419 are never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(400, LogLevel.Debug, "Opened '{Path}' (synchronous={Synchronous}).")]
    public static partial void Opened(ILogger logger, string path, string synchronous);

    [LoggerMessage(401, LogLevel.Warning, "Process {Process} on {Machine} has '{Path}' open with synchronous={Theirs}: what it stores may be lost at a power failure, although this process stores with synchronous={Ours}. Give every process the same broker URL.")]
    public static partial void WeakerPeer(ILogger logger, string path, long process, string machine, string theirs, string ours);

    [LoggerMessage(402, LogLevel.Warning, "'{Path}' was in journal mode '{Mode}', set by another program, and was put back to 'wal'. In that mode commits were slower and readers blocked writers.")]
    public static partial void JournalModeChanged(ILogger logger, string path, string mode);

    [LoggerMessage(403, LogLevel.Warning, "There is no file watch on '{Path}': {Reason}. Changes by other processes are noticed within {Milliseconds} ms. On Linux raise fs.inotify.max_user_instances.")]
    public static partial void NoFileWatch(ILogger logger, string path, string reason, int milliseconds);

    [LoggerMessage(404, LogLevel.Warning, "Another process has held '{Path}' for {Seconds} seconds. Waiting goes on; look for a stopped process that has the file open.")]
    public static partial void HeldForLong(ILogger logger, string path, double seconds);

    [LoggerMessage(405, LogLevel.Warning, "The turn to write '{Path}' did not come in {Milliseconds} ms. Until it does, SQLite's own lock alone decides who writes.")]
    public static partial void NoTurn(ILogger logger, string path, double milliseconds);

    [LoggerMessage(406, LogLevel.Warning, "'{Path}' is on the network file system '{FileSystem}', allowed by allow_network=true. SQLite's locks may fail there and the file may be damaged.")]
    public static partial void NetworkAllowed(ILogger logger, string path, string fileSystem);

    [LoggerMessage(407, LogLevel.Error, "The writer of '{Path}' failed outside a transaction; the waiting callers were told and it goes on.")]
    public static partial void WriterFailed(ILogger logger, string path, Exception error);

    [LoggerMessage(408, LogLevel.Debug, "Tidied '{Path}' in idle time: its write-ahead log is short and its free pages are given back.")]
    public static partial void Tidied(ILogger logger, string path);
}
