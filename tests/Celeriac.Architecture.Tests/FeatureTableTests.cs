using System.Text.RegularExpressions;
using Celeriac.Amqp;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite;
using Celeriac.Stomp;
using Celeriac.Stomp.Brokers;

namespace Celeriac.Architecture.Tests;

/// <summary>What the table of features says is shown by a test is shown by one, and what it says a transport cannot do the transport cannot.</summary>
public sealed partial class FeatureTableTests
{
    private const int FirstTransport = 2;

    private static readonly string s_page = Repository.PathOf("docs", "task-features.md");

    [Fact]
    public async Task Every_cell_of_the_table_of_features_holds()
    {
        await using var memory = new MemoryTransportFactory().Create(BrokerUrl.Parse("memory://table"), new TransportContext());
        await using var sqlite = new SqliteTransportFactory().Create(BrokerUrl.Parse("sqlite://table.db"), new TransportContext());
        await using var rabbitMq = new AmqpTransportFactory().Create(BrokerUrl.Parse("amqp://localhost"), new TransportContext());
        await using var activeMq = new StompTransportFactory().Create(BrokerUrl.Parse("stomp://localhost"), new TransportContext());
        TransportCapabilities[] can = [memory.Capabilities, sqlite.Capabilities, rabbitMq.Capabilities, activeMq.Capabilities, RabbitMqBroker.AllCapabilities];
        var rows = File.ReadLines(s_page).SkipWhile(line => !line.StartsWith("| ---", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|', ' ').Split(" | ")).ToList();
        Assert.True(rows.Count > 30, $"The table has {rows.Count} rows.");

        Report.None(rows.SelectMany(row => FaultsOf(row, can).Select(fault => $"{row[0]}: {fault}")), "docs/task-features.md says what is not so:");
    }

    private static IEnumerable<string> FaultsOf(string[] row, TransportCapabilities[] can)
    {
        if (row.Length != FirstTransport + can.Length + 1)
        {
            return [$"{row.Length} cells"];
        }
        var cells = row[FirstTransport..];
        return NamedFacts.In(row[1]).Concat(cells.SelectMany(NamedFacts.In)).Where(fact => !NamedFacts.Exists(fact)).Select(fact => $"there is no test '{fact}'")
            .Concat(cells.Where((cell, column) => column < can.Length && !Holds(cell, row[1], can[column])).Select(cell => $"'{cell}' does not hold"));
    }

    private static bool Holds(string cell, string shownBy, TransportCapabilities can) => cell switch
    {
        "yes" or "with state" => NamedFacts.In(shownBy).Any(fact => !fact.Contains('.', StringComparison.Ordinal)),
        "alike" or "–" => NamedFacts.In(shownBy).Any(),
        _ when MissingPattern().Match(cell) is { Success: true } missing => typeof(TransportCapabilities).GetProperty(missing.Groups[1].Value)?.GetValue(can) is false,
        _ => NamedFacts.In(cell).Any(),
    };

    [GeneratedRegex(@"^no `(\w+)`$")]
    private static partial Regex MissingPattern();
}
