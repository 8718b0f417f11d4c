using Microsoft.Extensions.Logging;

namespace Celeriac.Postgres;

/// <summary>Every log sentence of this assembly. Event ids 8000–8099 are never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(8000, LogLevel.Information, "Schema '{Schema}' of '{Name}' was brought to version {Version}.")]
    public static partial void Migrated(ILogger logger, string schema, string name, int version);

    [LoggerMessage(8001, LogLevel.Warning, "The writer of '{Name}' lost its connection: {Reason} What it was writing is sent again and applied once.")]
    public static partial void WriterInterrupted(ILogger logger, string name, string reason);

    [LoggerMessage(8002, LogLevel.Error, "A batch of the writer of '{Name}' failed in a way nobody foresaw; the waiting callers were told and it goes on.")]
    public static partial void WriterFailed(ILogger logger, string name, Exception error);

    [LoggerMessage(8003, LogLevel.Warning, "The outbox in '{Name}' is not published at the moment; the next try is in {Delay}: {Reason}")]
    public static partial void RelayDelayed(ILogger logger, string name, TimeSpan delay, string reason);

    [LoggerMessage(8004, LogLevel.Error, "The broker refuses message {Id} of the outbox in '{Name}': {Reason} It stays there and is tried again; delete the row to give it up.")]
    public static partial void RelayRefused(ILogger logger, long id, string name, string reason);

    [LoggerMessage(8005, LogLevel.Warning, "Awaited results in '{Name}' could not be read and are read again soon: {Reason}")]
    public static partial void AwaitedUnread(ILogger logger, string name, string reason);

    [LoggerMessage(8050, LogLevel.Warning, "Task '{Task}' ({Id}) waits for the database of its inbox; the next try is in {Delay}: {Reason}")]
    public static partial void InboxDelayed(ILogger logger, string task, string id, TimeSpan delay, string reason);

    [LoggerMessage(8051, LogLevel.Information, "A repeat of task '{Task}' ({Id}) was dropped: it has run already.")]
    public static partial void RepeatDropped(ILogger logger, string task, string id);
}
