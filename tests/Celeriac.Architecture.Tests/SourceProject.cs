using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Architecture.Tests;

/// <summary>
/// A source project as the compiler sees it, without what generators add. Names are bound, so that a question such as
/// "whose member is this?" is answered for extension methods and inferred types too.
/// </summary>
internal sealed class SourceProject
{
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly ConcurrentDictionary<string, SourceProject> Loaded = new(StringComparer.Ordinal);

    private SourceProject(string name)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        Name = name;
        Folder = Repository.PathOf("src", name);
        Trees = [.. Repository.Files($"src/{name}", "*.cs").Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), options, file))];
        Compilation = CSharpCompilation.Create(
            name,
            [.. Trees, CSharpSyntaxTree.ParseText(ImplicitUsings, options, "implicit usings")],
            References(except: name),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true));
    }

    public string Name { get; }

    public string Folder { get; }

    public IReadOnlyList<SyntaxTree> Trees { get; }

    public CSharpCompilation Compilation { get; }

    public static SourceProject Load(string name) => Loaded.GetOrAdd(name, static key => new SourceProject(key));

    /// <summary>Everything the running test could load: the framework and the packages, Celeriac's own assemblies among them.</summary>
    public static IEnumerable<MetadataReference> References(string? except = null) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) != except)
            .Select(path => MetadataReference.CreateFromFile(path));

    /// <summary>The first folder below the project, or "" for files in the project's own folder.</summary>
    public string FeatureOf(string file)
    {
        var parts = Path.GetRelativePath(Folder, file).Replace('\\', '/').Split('/');
        return parts.Length == 1 ? "" : parts[0];
    }
}
