using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite;

[assembly: Transport("sqlite", typeof(SqliteTransportFactory))]

namespace Celeriac.Sqlite;

/// <summary>
/// Makes transports for <c>sqlite://</c> URLs: one file, several processes on one machine, no server.
/// <c>sqlite://celeriac.db</c> is a file in the working directory, <c>sqlite:///var/lib/app/celeriac.db</c> an absolute path.
/// </summary>
/// <remarks>
/// Options: <c>synchronous</c> (<c>full</c>: what was published survives power loss, the default; <c>normal</c>: it survives the death of every process,
/// but a power loss or a crash of the system may undo the commits since the last checkpoint, up to some seconds or 40 MB of writes; the file is never damaged);
/// <c>busy_timeout</c> (how long one try for the write lock waits, default 5 seconds; trying goes on after it);
/// <c>max_size</c> (the largest size of the file in MiB, default none); <c>allow_network</c> (opens a file on a network file system all the same);
/// and those of every store (<see cref="StoreTransportOptions"/>).
/// </remarks>
public sealed class SqliteTransportFactory : ITransportFactory
{
    /// <inheritdoc/>
    public ITransport Create(BrokerUrl url, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        return new StoreTransport(url, new SqliteQueueStore(SqliteOptions.From(url), context), context);
    }
}
