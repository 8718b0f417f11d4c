namespace Celeriac.Messaging;

/// <summary>How a transport stands to its messaging system.</summary>
public enum ConnectionState
{
    /// <summary>Not connected: not yet, or disposed.</summary>
    Closed,
    /// <summary>The first connection is being made.</summary>
    Connecting,
    /// <summary>Connected, or a store that is open.</summary>
    Connected,
    /// <summary>A connection was lost and is being made again.</summary>
    Reconnecting,
}

/// <summary>The state of a transport's connection, for health checks and people.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="LastError">Why the last attempt failed or the last connection was lost, without passwords; null where nothing has failed since it was connected.</param>
public sealed record TransportHealth(ConnectionState State, DateTimeOffset Since, string? LastError = null);
