namespace Celeriac.Brokers;

/// <summary>How an ActiveMQ server is started.</summary>
public sealed record ActiveMqOptions
{
    /// <summary>Whether the broker delays messages (<c>schedulerSupport</c>). Default true.</summary>
    public bool Scheduler { get; init; } = true;

    /// <summary>Whether queues deliver by priority. Default true; ActiveMQ's own default is false.</summary>
    public bool Priorities { get; init; } = true;

    /// <summary>Whether it listens with TLS too. Default false.</summary>
    public bool Tls { get; init; }

    /// <summary>How long it may take to start. Default 60 seconds: a gate's machine may be busy.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
