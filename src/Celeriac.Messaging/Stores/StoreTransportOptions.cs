namespace Celeriac.Messaging.Stores;

/// <summary>The options that every store's URL understands.</summary>
public sealed record StoreTransportOptions
{
    /// <summary>The names of these options in a URL.</summary>
    public static IReadOnlyList<string> Names { get; } = ["lease", "publish_timeout", "max_body"];

    /// <summary><c>lease</c>: a holder whose beat stands still for this long loses its messages. Default 10 seconds, at least 200 milliseconds.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>publish_timeout</c>: how long a publish waits for durability. Default 5 seconds.</summary>
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>max_body</c>: the largest body in bytes that is published. Default 128 MiB.</summary>
    public long MaxBodyBytes { get; init; } = 128L << 20;

    /// <summary>Reads the options from a URL.</summary>
    /// <exception cref="BrokerUrlException">A value is malformed or out of range.</exception>
    public static StoreTransportOptions From(BrokerUrl url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var defaults = new StoreTransportOptions();
        return new StoreTransportOptions
        {
            Lease = url.Duration("lease", defaults.Lease, TimeSpan.FromMilliseconds(200), TimeSpan.FromDays(1)),
            PublishTimeout = url.Duration("publish_timeout", defaults.PublishTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            MaxBodyBytes = url.Integer("max_body", defaults.MaxBodyBytes, 1, 1L << 30),
        };
    }
}
