namespace Celeriac.Architecture.Tests;

/// <summary>Fails with every finding at once, one a line, so that one run shows the whole work.</summary>
internal static class Report
{
    public static void None(IEnumerable<string> findings, string remedy)
    {
        var all = findings.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (all.Count > 0)
        {
            Assert.Fail($"{remedy}{Environment.NewLine}{string.Join(Environment.NewLine, all)}");
        }
    }
}
