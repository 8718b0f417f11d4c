using System.Reflection;
using Microsoft.CodeAnalysis;

namespace Celeriac.Generators.Tests;

/// <summary>Ids, severities and pages of the diagnostics.</summary>
public sealed class DescriptorTests
{
    private static readonly DiagnosticDescriptor[] s_all =
        [.. typeof(Diagnostics).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => field.GetValue(null)).OfType<DiagnosticDescriptor>()];

    [Fact]
    public void Ids_and_severities_are_fixed() => Assert.Equal(
        ["CEL001 Error", "CEL002 Error", "CEL003 Warning", "CEL004 Error", "CEL005 Warning", "CEL007 Warning", "CEL008 Warning", "CEL016 Error", "CEL017 Error", "CEL018 Error"],
        s_all.Select(descriptor => $"{descriptor.Id} {descriptor.DefaultSeverity}").Order(StringComparer.Ordinal));

    [Fact]
    public void Each_has_a_page() => Assert.All(s_all, descriptor =>
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, descriptor.HelpLinkUri));
        Assert.StartsWith($"# {descriptor.Id}: {descriptor.Title}\n\nSeverity: {descriptor.DefaultSeverity}\n", page, StringComparison.Ordinal);
    });
}
