using System.Xml.Linq;

namespace Celeriac.Architecture.Tests;

/// <summary>The repository that the running test was built from, and what is in it.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The projects below <c>src</c>, by name.</summary>
    public static IReadOnlyList<string> SourceProjects { get; } =
        [.. Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    /// <summary>The packages: the source projects with a public surface of their own. The generator is packed inside Celeriac.</summary>
    public static IReadOnlyList<string> Packages { get; } = [.. SourceProjects.Where(name => name != "Celeriac.Generators")];

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A path as it is written in messages: from the root, with slashes.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>The files below a folder of the repository, without what was built; none where there is no such folder.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        var path = PathOf(folder);
        return !Directory.Exists(path)
            ? []
            : [.. Directory.GetFiles(path, pattern, SearchOption.AllDirectories).Where(file => !IsBuilt(file)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The project and package references of a source project, without analyzers.</summary>
    public static IReadOnlyList<string> References(string project, string kind) =>
        [.. XDocument.Load(PathOf("src", project, project + ".csproj")).Descendants(kind)
            .Where(reference => (string?)reference.Attribute("PrivateAssets") != "all")
            .Select(reference => ((string)reference.Attribute("Include")!).Replace('\\', '/').Split('/')[^1].Replace(".csproj", "", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];

    private static bool IsBuilt(string file) => Relative(file).Split('/').Any(part => part is "bin" or "obj" or "artifacts" or ".git");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Celeriac.slnx")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' has Celeriac.slnx. Run the tests where they were built.");
    }
}
