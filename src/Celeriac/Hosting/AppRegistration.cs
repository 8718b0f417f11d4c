namespace Celeriac.Hosting;

/// <summary>One app as the service collection knows it: its name and what the builder has gathered. Several live in one process.</summary>
internal sealed class AppRegistration(string name)
{
    /// <summary>The app's name, also of its options; empty for the unnamed one.</summary>
    public string Name { get; } = name;

    public List<TaskDefinition> Tasks { get; } = [];

    public TaskFilters Filters { get; } = new();

    /// <summary>True when the worker runs with the host.</summary>
    public bool RunsWorker { get; set; }

    public bool IsUnnamed => Name.Length == 0;

    /// <summary>For texts: "the unnamed app", "app 'billing'".</summary>
    public string Description => IsUnnamed ? "the unnamed app" : $"app '{Name}'";
}
