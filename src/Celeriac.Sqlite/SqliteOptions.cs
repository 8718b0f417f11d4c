using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Sqlite;

/// <summary>What a <c>sqlite://</c> URL says.</summary>
internal sealed record SqliteOptions(string Path)
{
    /// <summary>True: a commit survives power loss. False: it survives the death of the process only.</summary>
    public bool IsFullySynchronous { get; init; } = true;

    /// <summary>How long one try to get SQLite's write lock waits before the next.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>True opens a file on a network file system all the same.</summary>
    public bool AllowNetwork { get; init; }

    /// <summary>The largest size of the file in MiB; 0 for no limit but the disk's.</summary>
    public long MaximumMebibytes { get; init; }

    /// <summary>Reads the URL.</summary>
    /// <exception cref="BrokerUrlException">It names no file, or has an option that is unknown or wrong.</exception>
    public static SqliteOptions From(BrokerUrl url)
    {
        url.RequireKnown(["synchronous", "busy_timeout", "max_size", "allow_network", .. StoreTransportOptions.Names]);
        if (url.Path.Length == 0 || url.Path.EndsWith('/') || url.Path.Contains('\0'))
        {
            throw new BrokerUrlException($"Broker URL '{url}' names no file. Write sqlite://celeriac.db for a file in the working directory, or sqlite:///var/lib/app/celeriac.db.");
        }
        if (url.Alternates.Count > 0)
        {
            throw new BrokerUrlException($"Broker URL '{url}' lists several places, but an SQLite file has no alternates. Name one file.");
        }
        return new SqliteOptions(System.IO.Path.GetFullPath(url.Path))
        {
            IsFullySynchronous = url.Choice("synchronous", "full", "full", "normal") == "full",
            BusyTimeout = url.Duration("busy_timeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)),
            AllowNetwork = url.Flag("allow_network"),
            MaximumMebibytes = url.Integer("max_size", 0, 0, 16 * 1024 * 1024),
        };
    }
}
