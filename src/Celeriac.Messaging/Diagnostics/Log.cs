using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Diagnostics;

/// <summary>Every log sentence of this layer. Event ids 1000–1999; an id is never used for another sentence.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "Keeping the leases failed; the next turn tries again")]
    public static partial void LeaseTurnFailed(ILogger logger, Exception error);

    [LoggerMessage(1002, LogLevel.Warning, "Consumer {Consumer} lost lease {Holder}: it stood still for longer than the lease. Its messages run elsewhere; its late acknowledgements will be refused")]
    public static partial void LeaseLost(ILogger logger, string consumer, long holder);

    [LoggerMessage(1003, LogLevel.Warning, "Messages that came back from dead or frozen consumers ({Consumers}): {Messages}")]
    public static partial void Reclaimed(ILogger logger, int messages, string consumers);
}
