using Celeriac.Conformance;
using Celeriac.Messaging;
using Xunit.Sdk;

namespace Celeriac.Sqlite.Tests;

public sealed class TransportTableTests
{
    [Fact]
    public async Task The_table_in_the_documentation_shows_what_the_transports_claim()
    {
        Transports.Add("sqlite", new SqliteTransportFactory());
        await using var memory = Transports.Create("memory://table");
        await using var sqlite = Transports.Create("sqlite://table.db");
        var table = CapabilityTable.Render(("`memory://`", memory.Capabilities), ("`sqlite://`", sqlite.Capabilities));
        await CapabilityTable.AssertShownInAsync(Path.Combine(Repository(), "docs", "transports.md"), table);
    }

    [Fact]
    public async Task A_file_that_shows_another_table_is_refused_with_the_right_one()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"{CapabilityTable.BeginMarker}\n| old |\n{CapabilityTable.EndMarker}\n");
        var table = CapabilityTable.Render(("mine", new TransportCapabilities { MaxPriority = 9, Delay = true, LongestDelay = TimeSpan.FromDays(30) }));
        var failure = await Assert.ThrowsAsync<TrueException>(() => CapabilityTable.AssertShownInAsync(file, table));
        Assert.Contains("| Priorities | 0–9 |", failure.Message, StringComparison.Ordinal);
        Assert.Contains("| Delayed messages | up to 30 days |", failure.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Celeriac.slnx")))
        {
            folder = folder.Parent;
        }
        return folder.FullName;
    }
}
