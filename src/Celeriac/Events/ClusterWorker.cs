namespace Celeriac;

/// <summary>What events have told of one worker: a snapshot that does not change.</summary>
public sealed record ClusterWorker
{
    /// <summary>The node name.</summary>
    public required string Hostname { get; init; }
    /// <summary>True where the worker had given a sign of life, not longer ago than twice the time between its heartbeats, when the snapshot was taken.</summary>
    public bool IsAlive { get; init; }
    /// <summary>Its process.</summary>
    public int? ProcessId { get; init; }
    /// <summary>The time between its heartbeats; a minute until the worker has told.</summary>
    public TimeSpan Frequency { get; init; } = TimeSpan.FromMinutes(1);
    /// <summary>How many tasks it runs.</summary>
    public int? Active { get; init; }
    /// <summary>How many tasks it has begun since it started.</summary>
    public long? Processed { get; init; }
    /// <summary>The load of its machine over 1, 5 and 15 minutes; empty where it does not tell.</summary>
    public IReadOnlyList<double> LoadAverage { get; init; } = [];
    /// <summary>Its software: <c>cs-celeriac</c>, <c>py-celery</c>.</summary>
    public string? Software { get; init; }
    /// <summary>Its software's version.</summary>
    public string? SoftwareVersion { get; init; }
    /// <summary>Its operating system.</summary>
    public string? SystemName { get; init; }
    /// <summary>The logical time of its last sign of life.</summary>
    public long Clock { get; init; }
    /// <summary>When its last sign of life arrived here; null once it has said that it goes.</summary>
    public DateTimeOffset? LastHeard { get; init; }

    internal ClusterWorker At(DateTimeOffset now) => this with { IsAlive = LastHeard is { } heard && now < heard + (Frequency * 2) };
}
