namespace Celeriac.Hosting;

/// <summary>What configuration and environment say of an app, in the order in which it counts, and what is wrong with it.</summary>
internal sealed record AppSettings(IReadOnlyList<OptionsChange> Changes, IReadOnlyList<string> Faults)
{
    public void Apply(CeleriacOptions options)
    {
        foreach (var change in Changes)
        {
            change.Shared?.Invoke(options);
        }
    }

    public void Apply(WorkerOptions options)
    {
        foreach (var change in Changes)
        {
            change.Worker?.Invoke(options);
        }
    }
}
