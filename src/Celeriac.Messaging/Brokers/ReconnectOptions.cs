namespace Celeriac.Messaging.Brokers;

/// <summary>The options that every broker's URL understands.</summary>
internal sealed record ReconnectOptions
{
    /// <summary>The names of these options in a URL.</summary>
    public static IReadOnlyList<string> Names { get; } = ["connect_timeout", "reconnect_delay", "reconnect_delay_max", "publish_timeout", "heartbeat"];

    /// <summary><c>connect_timeout</c>: how long connecting to one server may take, greeting and login included. Default 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>reconnect_delay</c>: the pause after the first round of servers that failed; it doubles with each round. Default 200 milliseconds.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary><c>reconnect_delay_max</c>: the longest pause. Default 15 seconds.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>publish_timeout</c>: how long a publish waits for a connection and the broker's confirmation together. Default 5 seconds.</summary>
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>heartbeat</c>: how often both sides show that they live; a server silent for twice as long (STOMP: three times) is given up. Default 20 seconds.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Reads the options from a URL.</summary>
    /// <exception cref="BrokerUrlException">A value is malformed or out of range.</exception>
    public static ReconnectOptions From(BrokerUrl url)
    {
        var defaults = new ReconnectOptions();
        var first = url.Duration("reconnect_delay", defaults.FirstDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        var longest = url.Duration("reconnect_delay_max", defaults.LongestDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        return new ReconnectOptions
        {
            ConnectTimeout = url.Duration("connect_timeout", defaults.ConnectTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            FirstDelay = first,
            LongestDelay = longest > first ? longest : first,
            PublishTimeout = url.Duration("publish_timeout", defaults.PublishTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            Heartbeat = url.Duration("heartbeat", defaults.Heartbeat, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        };
    }

    /// <summary>The pause after a round that failed, between half and all of the doubled delay, so that a fleet does not come back in step.</summary>
    /// <param name="failedRounds">How many rounds have failed in a row; at least 1.</param>
    public TimeSpan DelayAfter(int failedRounds)
    {
        var doubled = FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failedRounds - 1, 30));
        var delay = Math.Min(doubled, LongestDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(delay * (0.5 + (Random.Shared.NextDouble() / 2)));
    }
}
