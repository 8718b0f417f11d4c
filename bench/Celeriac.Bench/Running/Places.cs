namespace Celeriac.Bench.Running;

/// <summary>Where the other programs of the bench are.</summary>
internal static class Places
{
    /// <summary>The repository: the folder above this program that has the solution.</summary>
    public static string Root { get; } = FindRoot();

    public static string CeleryPeer => Path.Combine(Root, "bench", "celery", "peer.py");

    /// <summary>Beside the bench where both were published, else where it is built.</summary>
    public static string PeersAssembly
    {
        get
        {
            var published = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "Peers", "Peers.dll"));
            return File.Exists(published) ? published : Path.Combine(Root, "artifacts", "bin", "Peers", "release", "Peers.dll");
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Celeriac.slnx")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new DirectoryNotFoundException($"No folder above '{AppContext.BaseDirectory}' has Celeriac.slnx. Run the bench from its repository: ./build.sh bench.");
    }
}
