namespace Celeriac.Working.Processes;

/// <summary>How a program is told that it was started as a child of a worker: for which node, and where the worker waits.</summary>
internal static class ChildMarker
{
    /// <summary>Not among the names of settings, so that it is never taken for one.</summary>
    public const string Variable = "_CELERIAC_POOL_CHILD";

    public static string Text(string node, string address) => $"{node}\n{address}";

    /// <summary>The worker's address, where this process is a child of that node; null where it is none. It is told once: a program that a task starts is not a child of the worker.</summary>
    public static string? Take(string node)
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n') is not [var name, var address] || name != node)
        {
            return null;
        }
        Environment.SetEnvironmentVariable(Variable, null);
        return address;
    }
}
