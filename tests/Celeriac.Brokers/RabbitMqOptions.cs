namespace Celeriac.Brokers;

/// <summary>How a RabbitMQ server is started.</summary>
public sealed record RabbitMqOptions
{
    /// <summary>Whether it listens with TLS too. Default false.</summary>
    public bool Tls { get; init; }

    /// <summary>Plug-ins beside the one for STOMP. Default none.</summary>
    public IReadOnlyList<string> Plugins { get; init; } = [];

    /// <summary>Lines for <c>rabbitmq.conf</c>, after ours.</summary>
    public string ExtraConfiguration { get; init; } = "";

    /// <summary>How long it may take to start. Default 90 seconds: a gate's machine may be busy.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(90);
}
