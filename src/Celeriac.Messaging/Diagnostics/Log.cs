using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Diagnostics;

/// <summary>Every log sentence of this layer. Event ids 1000–1999; an id is never used for another sentence.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "Leases cannot be kept at the moment, which each next turn tries again. Should it last for longer than the lease, the tasks of this process run elsewhere too. {Reason}")]
    public static partial void LeaseTurnFailed(ILogger logger, string reason, Exception? error);

    [LoggerMessage(1004, LogLevel.Information, "Leases are kept again")]
    public static partial void LeasesKeptAgain(ILogger logger);

    [LoggerMessage(1002, LogLevel.Warning, "Consumer {Consumer} lost lease {Holder}: it stood still for longer than the lease. Its messages run elsewhere; its late acknowledgements will be refused")]
    public static partial void LeaseLost(ILogger logger, string consumer, long holder);

    [LoggerMessage(1003, LogLevel.Warning, "Messages that came back from dead or frozen consumers ({Consumers}): {Messages}")]
    public static partial void Reclaimed(ILogger logger, int messages, string consumers);

    [LoggerMessage(1010, LogLevel.Information, "Connected to {Broker} (connection {Generation})")]
    public static partial void ConnectionMade(ILogger logger, string broker, long generation);

    [LoggerMessage(1011, LogLevel.Warning, "The connection to {Broker} was lost (connection {Generation}): {Reason}. Connecting again")]
    public static partial void ConnectionLost(ILogger logger, string broker, long generation, string reason);

    [LoggerMessage(1012, LogLevel.Warning, "{Broker}: no connection could be made (round {Round}); the next round begins in {Delay}. {Reason}")]
    public static partial void ConnectFailed(ILogger logger, string broker, int round, TimeSpan delay, string reason);

    [LoggerMessage(1013, LogLevel.Error, "Connecting to {Broker} failed in a way that was not foreseen; trying again")]
    public static partial void ConnectFaulted(ILogger logger, Exception error, string broker);

    [LoggerMessage(1014, LogLevel.Debug, "Closing a connection to {Broker} failed; it is left behind")]
    public static partial void CloseFailed(ILogger logger, Exception error, string broker);
}
