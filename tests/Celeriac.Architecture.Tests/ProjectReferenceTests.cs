namespace Celeriac.Architecture.Tests;

/// <summary>Who may depend on whom, as the design fixes it.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Celeriac.Messaging"] = [],
        ["Celeriac.Generators"] = [],
        ["Celeriac"] = ["Celeriac.Generators", "Celeriac.Messaging"],
        ["Celeriac.Amqp"] = ["Celeriac", "Celeriac.Messaging"],
        ["Celeriac.Postgres"] = ["Celeriac", "Celeriac.Messaging"],
        ["Celeriac.Redis"] = ["Celeriac", "Celeriac.Messaging"],
        ["Celeriac.Sqlite"] = ["Celeriac", "Celeriac.Messaging"],
        ["Celeriac.Stomp"] = ["Celeriac.Messaging"],
        ["Celeriac.Yaml"] = ["Celeriac", "Celeriac.Messaging"],
        ["Celeriac.Conformance"] = ["Celeriac", "Celeriac.Messaging"],
        ["Celeriac.CommandLine"] = ["Celeriac", "Celeriac.Messaging"],
    };

    public static TheoryData<string> Projects => [.. Repository.SourceProjects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_design_allows(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"Project '{project}' is not in the table of ProjectReferenceTests. Add it with what it may reference.");
        Report.None(
            Repository.References(project, "ProjectReference").Except(Allowed[project]).Select(reference => $"{project} → {reference}"),
            "These references are against the design:");
    }

    [Fact]
    public void The_messaging_layer_needs_nothing_but_logging_abstractions() =>
        Assert.Equal(["Microsoft.Extensions.Logging.Abstractions"], Repository.References("Celeriac.Messaging", "PackageReference"));

    [Fact]
    public void The_task_layer_needs_nothing_but_abstractions_options_and_the_builder_of_health_checks() =>
        Assert.All(Repository.References("Celeriac", "PackageReference").Except(["Microsoft.Extensions.Diagnostics.HealthChecks"]), package =>
            Assert.True(package.EndsWith(".Abstractions", StringComparison.Ordinal) || package.StartsWith("Microsoft.Extensions.Options", StringComparison.Ordinal), package));
}
