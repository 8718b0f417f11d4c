using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp;

/// <summary>Every log sentence of this package. Event ids 6000–6999; an id is never used for another sentence.</summary>
internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Warning, "The scheduler of {Broker} is off, so delayed messages are refused: ActiveMQ would deliver them at once. Set schedulerSupport=\"true\" on <broker> in activemq.xml")]
    public static partial void SchedulerIsOff(ILogger logger, string broker);

    [LoggerMessage(6002, LogLevel.Error, "A declaration was refused after reconnecting to {Broker}; its queue stays as it is")]
    public static partial void RedeclareRefused(ILogger logger, Exception error, string broker);

    [LoggerMessage(6003, LogLevel.Warning, "Queue {Queue} has messages and consumer {Consumer} has room, but nothing was delivered for {Time}: consuming anew")]
    public static partial void ConsumerStuck(ILogger logger, string queue, string consumer, TimeSpan time);

    [LoggerMessage(6004, LogLevel.Warning, "Giving messages back to {Queue} failed; the broker gives them back when the connection ends")]
    public static partial void GiveBackFailed(ILogger logger, Exception error, string queue);

    [LoggerMessage(6005, LogLevel.Error, "Consumer {Consumer} could not be watched in a way that was not foreseen; it goes on")]
    public static partial void WatchFaulted(ILogger logger, Exception error, string consumer);
}
