namespace Celeriac.Messaging.Brokers;

/// <summary>One connection to one server. It never reconnects by itself: <see cref="Reconnecting{TConnection}"/> makes the next one.</summary>
internal interface IBrokerConnection : IAsyncDisposable
{
    /// <summary>Ends, without failing, when the connection is lost or disposed; the result says why.</summary>
    Task<Exception?> Lost { get; }
}

/// <summary>A connection that is up.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Generation">Its number; each new connection has a higher one. A delivery of an older generation is never settled.</param>
internal readonly record struct Connected<TConnection>(TConnection Connection, long Generation) where TConnection : class, IBrokerConnection;
