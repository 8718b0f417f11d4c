namespace Celeriac.Brokers;

/// <summary>How a PostgreSQL server is started.</summary>
public sealed record PostgresOptions
{
    /// <summary>Lines for <c>postgresql.conf</c>, after ours.</summary>
    public string ExtraConfiguration { get; init; } = "";

    /// <summary>How long it may take to start. Default 60 seconds: a gate's machine may be busy.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
