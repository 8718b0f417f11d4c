namespace Celeriac.Brokers;

/// <summary>How a Redis server is started.</summary>
public sealed record RedisOptions
{
    /// <summary>Whether it listens with TLS too. Default false.</summary>
    public bool Tls { get; init; }

    /// <summary>The password that it demands; the empty text, the default, for none.</summary>
    public string Password { get; init; } = "";

    /// <summary>Lines for <c>redis.conf</c>, after ours.</summary>
    public string ExtraConfiguration { get; init; } = "";

    /// <summary>How long it may take to start. Default 60 seconds: a gate's machine may be busy.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
