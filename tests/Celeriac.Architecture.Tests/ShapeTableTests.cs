namespace Celeriac.Architecture.Tests;

/// <summary>Each shape of a workflow is shown by tests that exist, for C# alone and for C# and Python.</summary>
public sealed class ShapeTableTests
{
    private const int FirstProof = 2;

    [Fact]
    public void Every_cell_of_the_table_of_shapes_names_tests_that_exist()
    {
        var rows = File.ReadLines(Repository.PathOf("docs", "workflow-shapes.md")).SkipWhile(line => !line.StartsWith("| ---", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim('|', ' ')).ToList()).ToList();
        Assert.True(rows.Count > 20, $"The table has {rows.Count} rows.");

        Report.None(rows.SelectMany(row => FaultsOf(row).Select(fault => $"{row[0]}: {fault}")), "docs/workflow-shapes.md says what is not so:");
    }

    private static IEnumerable<string> FaultsOf(List<string> row) => row.Count != FirstProof + 2 ? [$"{row.Count} cells"]
        : row[FirstProof..].Where(cell => !NamedFacts.In(cell).Any()).Select(cell => $"'{cell}' names no test")
            .Concat(row[FirstProof..].SelectMany(NamedFacts.In).Where(fact => !NamedFacts.Exists(fact)).Select(fact => $"there is no test '{fact}'"));
}
