using Celeriac.Conformance;
using Celeriac.Messaging;
using Xunit.Sdk;

namespace Celeriac.Sqlite.Tests;

public sealed class TransportTableTests
{
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
}
