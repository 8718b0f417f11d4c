using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Amqp;

/// <summary>What an <c>amqp://</c> or <c>amqps://</c> URL says.</summary>
internal sealed record AmqpOptions
{
    /// <summary>The options that every broker has.</summary>
    public ReconnectOptions Reconnect { get; init; } = new();

    /// <summary><c>max_body</c>: the largest body in bytes that is published.</summary>
    public long MaxBodyBytes { get; init; } = 128L << 20;

    /// <summary><c>queue_type</c>: true declares durable queues as quorum queues.</summary>
    public bool HasQuorumQueues { get; init; }

    /// <summary><c>delay_queue_type</c>: true lets delayed messages wait in quorum queues.</summary>
    public bool HasQuorumDelays { get; init; } = true;

    /// <summary><c>auth=external</c>: the server takes the user from the client's certificate.</summary>
    public bool IsExternal { get; init; }

    /// <summary>
    /// <c>consumer_timeout</c>: how long a delivery may stay unacknowledged; 0 for no limit, null for what RabbitMQ does by default. Servers from 3.12 are asked for it; for older
    /// ones it says what they are set to.
    /// </summary>
    public TimeSpan? ConsumerTimeout { get; init; }

    /// <summary><c>client</c>: true takes the AMQP connection of our own in place of RabbitMQ.Client's.</summary>
    public bool IsOwnClient { get; init; }

    /// <summary>How the server is checked and what is shown to it; null without TLS.</summary>
    public BrokerTlsOptions? Tls { get; init; }

    /// <summary>How long a subscription with free slots may get nothing from a queue that has messages before its channel is opened anew.</summary>
    public TimeSpan WatchPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Which client it is where the URL does not say; an environment variable lets all tests run on the other one.</summary>
    private static string DefaultClient => Environment.GetEnvironmentVariable("CELERIAC_AMQP_CLIENT") is "celeriac" ? "celeriac" : "rabbitmq";

    /// <summary>Reads the URL.</summary>
    /// <exception cref="BrokerUrlException">An option is unknown or wrong.</exception>
    public static AmqpOptions From(BrokerUrl url)
    {
        var isTls = url.Scheme == "amqps";
        string[] known = [.. ReconnectOptions.Names, "max_body", "queue_type", "delay_queue_type", "auth", "consumer_timeout", "client"];
        url.RequireKnown(isTls ? [.. known, .. BrokerTlsOptions.Names] : known);
        foreach (var server in url.Alternates.Prepend(url))
        {
            RequireShort(url, "user", server.User);
            RequireShort(url, "virtual host", server.Path);
        }
        return new AmqpOptions
        {
            Reconnect = ReconnectOptions.From(url),
            MaxBodyBytes = url.Integer("max_body", 128L << 20, 1, 512L << 20),
            HasQuorumQueues = url.Choice("queue_type", "classic", "classic", "quorum") == "quorum",
            HasQuorumDelays = url.Choice("delay_queue_type", "quorum", "quorum", "classic") == "quorum",
            ConsumerTimeout = url.Text("consumer_timeout") is null ? null : url.Duration("consumer_timeout", default, TimeSpan.Zero, TimeSpan.FromDays(24)),
            IsExternal = url.Choice("auth", "plain", "plain", "external") == "external",
            IsOwnClient = url.Choice("client", DefaultClient, "celeriac", "rabbitmq") == "celeriac",
            Tls = isTls ? BrokerTlsOptions.From(url) : null,
        };
    }

    private static void RequireShort(BrokerUrl url, string part, string? value)
    {
        if (!Wire.ShortText.Fits(value))
        {
            throw new BrokerUrlException($"The {part} of broker URL '{url}' has more than 255 bytes, which AMQP cannot carry. Shorten it.");
        }
    }
}
