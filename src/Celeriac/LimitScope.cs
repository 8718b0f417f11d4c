namespace Celeriac;

/// <summary>Whom a limit counts for.</summary>
public enum LimitScope
{
    /// <summary>Each worker counts for itself, as in Celery.</summary>
    Worker,
    /// <summary>All workers count together, in shared state (<see cref="CeleriacOptions.StateStore"/>).</summary>
    Cluster,
}
