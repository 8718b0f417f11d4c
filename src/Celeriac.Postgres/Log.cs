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
}
