using System.Diagnostics;
using System.Runtime.InteropServices;
using Celeriac.Bench.Scenarios;

namespace Celeriac.Bench.Running;

/// <summary>Runs the chosen scenarios, and says all ratios at the end.</summary>
internal static class Bench
{
    public static async Task<int> RunAsync(string[] words)
    {
        Settings settings;
        try
        {
            settings = Settings.Read(words);
        }
        catch (ArgumentException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 2;
        }
        var chosen = AllScenarios.List.Where(settings.Includes).Select(settings.Narrow).Where(scenario => scenario.Contenders.Count > 0).ToList();
        if (chosen.Count == 0)
        {
            await Console.Error.WriteLineAsync($"No scenario is called '{string.Join(' ', settings.Names)}' with a contender '{settings.Only}'. There are: {string.Join(", ", AllScenarios.List.Select(scenario => scenario.Name))}.");
            return 2;
        }
        return await RunAsync(chosen, settings);
    }

    private static async Task<int> RunAsync(List<Scenario> chosen, Settings settings)
    {
        Console.WriteLine($"{DateTime.Now:yyyy-MM-dd HH:mm}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        Console.WriteLine($"{(settings.Budget is null ? "" : "up to ")}{settings.Rounds} rounds, scale {settings.Scale}; median [min–max] of the rounds. CPU is of client and worker, then of the broker.");
        await using var stand = new BrokerStand();
        var contests = chosen.ConvertAll(scenario => new Contest(scenario, stand, settings));
        await (settings.Budget is { } budget ? RunWithinAsync(contests, budget) : RunAllAsync(contests));
        Console.WriteLine();
        contests.SelectMany(Table.Ratios).ToList().ForEach(Console.WriteLine);
        if (settings.Plot is { } file)
        {
            await File.WriteAllTextAsync(file, Plot.Draw(contests));
        }
        return contests.Exists(contest => contest.Failures.Count > 0) ? 1 : 0;
    }

    /// <summary>Scenario by scenario, each with all its rounds and its table.</summary>
    private static async Task RunAllAsync(List<Contest> contests)
    {
        foreach (var contest in contests)
        {
            while (!contest.Ended)
            {
                await contest.RunRoundAsync();
            }
            Table.Write(contest);
        }
    }

    /// <summary>A round of everything, then further rounds of what still fits into the time.</summary>
    private static async Task RunWithinAsync(List<Contest> contests, TimeSpan budget)
    {
        var clock = Stopwatch.StartNew();
        for (var (first, played) = (true, true); played; first = false)
        {
            played = false;
            foreach (var contest in contests.Where(contest => !contest.Ended && (first || clock.Elapsed + contest.LastRound < budget)))
            {
                await contest.RunRoundAsync();
                played = true;
            }
        }
        contests.ForEach(Table.Write);
    }
}
