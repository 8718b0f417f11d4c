using Celeriac.Messaging;

namespace Celeriac.Amqp.Links;

/// <summary>Connects to one server and logs in.</summary>
internal interface IAmqpDialer
{
    /// <exception cref="TransportRefusedException">The server refuses the user or the certificate.</exception>
    /// <exception cref="TransportException">The server cannot be reached.</exception>
    Task<IAmqpLink> DialAsync(BrokerUrl server, CancellationToken cancellationToken);
}

/// <summary>One connection to one server, as a client library sees it: the seam behind which the connection itself can be exchanged.</summary>
internal interface IAmqpLink : IAsyncDisposable
{
    bool IsOpen { get; }

    /// <summary>Why it is closed; null while it is open.</summary>
    CloseReason? Reason { get; }

    /// <summary>The largest frame in bytes; 0 for no limit.</summary>
    long FrameMax { get; }

    /// <summary>The server's version; null where it is no RabbitMQ.</summary>
    Version? RabbitMqVersion { get; }

    /// <summary>The server takes no publishes, with its reason; null: it takes them again.</summary>
    event Action<string?>? Blocked;

    /// <summary>It is closed; its channels follow.</summary>
    event Action? Closed;

    /// <exception cref="AmqpClosedException">The connection was lost.</exception>
    Task<IAmqpChannel> OpenChannelAsync(bool confirms);
}
