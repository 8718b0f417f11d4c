using System.Diagnostics;
using System.Globalization;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Running;

/// <summary>One scenario: its contenders in turn, round after round.</summary>
internal sealed class Contest(Scenario scenario, BrokerStand stand, Settings settings)
{
    // At ten to thirty thousand a second: two to six seconds.
    private const int EnoughToLearn = 60_000;
    private readonly Dictionary<string, List<Outcome?>> _outcomes = scenario.Contenders.ToDictionary(contender => contender.Name, _ => new List<Outcome?>());

    /// <summary>What every contender has shown, in each round; null where a run failed.</summary>
    public IReadOnlyDictionary<string, List<Outcome?>> Outcomes => _outcomes;

    /// <summary>What is on disk, as the last run left it.</summary>
    public string Durability { get; private set; } = "";

    /// <summary>The first failure of each contender that has failed.</summary>
    public Dictionary<string, string> Failures { get; } = [];

    /// <summary>True when every round has been run.</summary>
    public bool Ended => Rounds >= Math.Min(settings.Rounds, scenario.MaximumRounds);

    /// <summary>How long the last round took.</summary>
    public TimeSpan LastRound { get; private set; }

    public Scenario Scenario => scenario;

    private int Rounds => _outcomes.Values.First().Count;

    /// <summary>Each contender once, in their order.</summary>
    public async Task RunRoundAsync()
    {
        var clock = Stopwatch.StartNew();
        foreach (var contender in scenario.Contenders)
        {
            _outcomes[contender.Name].Add(await TryAsync(contender));
        }
        LastRound = clock.Elapsed;
        // Tables come at the end: whoever waits for minutes sees how far it is. Not where the tables are read from.
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}, round {Rounds}: {LastRound.TotalSeconds:F0} s"));
    }

    private async Task<Outcome?> TryAsync(Contender contender)
    {
        var stall = await stand.OpenAsync(scenario.Broker);
        try
        {
            var outcome = await RunAsync(contender, stall);
            Durability = await stand.DescribeAsync(scenario.Broker, stall);
            return outcome;
        }
        catch (Exception error) when (error is RunFailedException or TimeoutException)
        {
            Failures.TryAdd(contender.Name, error.Message);
            return null;
        }
        finally
        {
            await stand.CloseAsync(scenario.Broker, stall);
        }
    }

    private async Task<Outcome> RunAsync(Contender contender, BrokerStand.Stall stall)
    {
        var tasks = Math.Max(1, (int)(scenario.Tasks * contender.Share * (scenario.Scales ? settings.Scale : 1)));
        var backlog = (int)(contender.Backlog * settings.Scale);
        var warm = Math.Max(contender.Share < 1 ? 0 : scenario.LeastWarm, Math.Min(tasks, scenario.Warm));
        // Nothing here is slower than a hundred a second for long.
        var patience = TimeSpan.FromSeconds(15 + (tasks + backlog) / 100.0);
        if (contender.Before is { } before)
        {
            await using var filler = ActorProcess.Start(before, learns: false, Common(stall, tasks + backlog, warm));
            await filler.Ready.WaitAsync(patience);
            filler.Go();
            await filler.Done.WaitAsync(patience);
        }
        var actors = new List<ActorProcess>();
        try
        {
            // The one whose time counts comes last, when all others are there.
            foreach (var role in contender.Roles.Reverse())
            {
                actors.Insert(0, ActorProcess.Start(role, warm >= EnoughToLearn, Common(stall, tasks, warm)));
                await actors[0].Ready.WaitAsync(patience);
            }
            return await MeasureAsync(actors, stall, patience);
        }
        finally
        {
            foreach (var actor in actors)
            {
                await actor.DisposeAsync();
            }
        }
    }

    private static async Task<Outcome> MeasureAsync(List<ActorProcess> actors, BrokerStand.Stall stall, TimeSpan patience)
    {
        var ids = actors.Select(actor => actor.Id).ToList();
        foreach (var actor in Enumerable.Reverse(actors))
        {
            actor.Go();
        }
        var start = await actors[0].Begun.WaitAsync(patience);
        var begin = ProcessTimes.Read(ids, stall.Process);
        var lead = await actors[0].Done.WaitAsync(patience);
        var done = ProcessTimes.Read(ids, stall.Process);
        var megabytes = ProcessTimes.Megabytes(ids[0]);
        var reports = new List<Report> { lead };
        foreach (var other in actors.Skip(1))
        {
            other.End();
            reports.Add(await other.Done.WaitAsync(patience));
        }
        return Outcome.From(lead, reports, begin, done, megabytes, start);
    }

    private static string[] Common(BrokerStand.Stall stall, int tasks, int warm) => [$"broker={stall.Url}", $"queue={stall.Queue}", $"tasks={tasks}", $"warm={warm}", $"store={stall.Store}"];
}
