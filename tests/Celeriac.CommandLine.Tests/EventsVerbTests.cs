using System.Text;
using System.Text.Json;
using Celeriac.CommandLine.Verbs;
using Celeriac.Events;
using Celeriac.Messaging;

namespace Celeriac.CommandLine.Tests;

public sealed class EventsVerbTests
{
    [Fact]
    public void The_lines_are_those_of_Celerys_own_dump()
    {
        var decoder = new EventDecoder(new LogicalClock(), TimeProvider.System);
        var dump = new EventDump();
        var lines =
            from line in File.ReadAllLines(Golden("events-5.2.6.jsonl"))
            from happened in decoder.Decode(new Message { Body = Encoding.UTF8.GetBytes(JsonElement.Parse(line).GetProperty("body").GetRawText()) })
            select dump.LineOf(happened);
        // Celery 5.2 prints no offset, 5.6 does as we do.
        Assert.Equal(File.ReadAllLines(Golden("events-dump-5.2.6.txt")), lines.Select(line => line.Replace("+00:00]", "]", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_event_of_a_hostile_peer_stays_on_its_line_and_sends_nothing_to_the_terminal()
    {
        var decoder = new EventDecoder(new LogicalClock(), TimeProvider.System);
        var happened = Assert.Single(decoder.Decode(new Message { Body = """{"type":"x-y","hostname":"a\nb","text":"\u001b[2J","deep":[[[[[[1]]]]]]}"""u8.ToArray() }));
        var line = new EventDump().LineOf(happened);
        Assert.DoesNotContain('\u001b', line);
        Assert.DoesNotContain('\n', line);
        Assert.StartsWith("a\\nb [", line, StringComparison.Ordinal);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("events", "--dump", "--limit", "3")]
    [InlineData("events", "--limit", "3")]
    public async Task The_verb_prints_what_workers_tell(params string[] args)
    {
        await using var place = new Workplace();
        var running = place.RunAsync(args);
        place.Work();
        var run = await running;
        Assert.Equal((0, ""), (run.Code, run.Error));
        var lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal("-> evdump: starting capture...", lines[0].TrimEnd());
        Assert.Equal(4, lines.Length);
        Assert.Matches(@"^celeriac@\S+ \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00\] (started|heartbeat): active=0, clock=\d+, freq=2\.0, loadavg=\[\d", lines[1]);
    }

    [Fact]
    public void The_picture_shows_workers_tasks_and_rates()
    {
        var decoder = new EventDecoder(new LogicalClock(), TimeProvider.System);
        var cluster = new ClusterState();
        foreach (var line in File.ReadAllLines(Golden("events-5.6.jsonl")))
        {
            foreach (var happened in decoder.Decode(new Message { Body = Encoding.UTF8.GetBytes(JsonElement.Parse(line).GetProperty("body").GetRawText()) }))
            {
                cluster.Apply(happened);
            }
        }
        using var output = new StringWriter();
        var console = new Terminal(output, TextWriter.Null, TextReader.Null, isInteractive: false).CreateConsole();
        console.Write(new EventScreen(cluster, "amqp://host", TimeProvider.System).Draw(500));
        var text = output.ToString();
        Assert.Contains("amqp://host", text, StringComparison.Ordinal);
        Assert.Matches(@"received \d+\.\d/s \(\d+\)", text);
        Assert.Matches(@"w@host\s+(online|offline)\s+\d+\s+\d+\s+\d\.\d\d \d\.\d\d \d\.\d\d\s+py-celery 5\.6\.2", text);
        Assert.Matches(@"proj\.add\s+[0-9a-f-]{36}\s+SUCCESS\s+w@host\s+0\.\d{3} s\s+4", text);
        Assert.Contains("ValueError('boom', 42)", text, StringComparison.Ordinal);
    }

    private static string Golden(string file) => Path.Combine(AppContext.BaseDirectory, "golden", file);
}
