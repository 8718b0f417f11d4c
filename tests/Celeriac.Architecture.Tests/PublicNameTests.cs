using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Architecture.Tests;

/// <summary>A user writes our names beside the framework's, so they must not be mistaken for each other.</summary>
public sealed class PublicNameTests
{
    private static readonly string[] ImplicitNamespaces =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    public static TheoryData<string> Packages => [.. Repository.Packages];

    [Theory]
    [MemberData(nameof(Packages))]
    public void No_public_type_shares_its_name_with_an_implicitly_imported_one(string package)
    {
        var compilation = CSharpCompilation.Create("names", references: SourceProject.References());
        var taken = ImplicitNamespaces
            .Select(name => Find(compilation.GlobalNamespace, name))
            .SelectMany(found => found.GetTypeMembers())
            .Where(type => type.DeclaredAccessibility == Accessibility.Public && !type.ContainingAssembly.Name.StartsWith("Celeriac", StringComparison.Ordinal))
            .ToLookup(type => type.Name, type => type.ToDisplayString(), StringComparer.Ordinal);
        Assert.True(taken.Contains("Task"), "The framework's own types were not found, so this test would see nothing.");

        Report.None(
            from type in PublicApi.TypesOf(compilation, package)
            where type.ContainingType is null && taken.Contains(type.Name)
            select $"{type.ToDisplayString()} is also {taken[type.Name].First()}",
            "A program with implicit usings could not name these types. Choose other names:");
    }

    private static INamespaceSymbol Find(INamespaceSymbol root, string name) =>
        name.Split('.').Aggregate(root, (space, part) => space.GetNamespaceMembers().Single(member => member.Name == part));
}
