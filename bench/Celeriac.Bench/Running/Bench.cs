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
        var chosen = AllScenarios.List.Where(scenario => settings.Includes(scenario.Name)).ToList();
        if (chosen.Count == 0)
        {
            await Console.Error.WriteLineAsync($"No scenario is called '{string.Join(' ', settings.Names)}'. There are: {string.Join(", ", AllScenarios.List.Select(scenario => scenario.Name))}.");
            return 2;
        }
        return await RunAsync(chosen, settings);
    }

    private static async Task<int> RunAsync(List<Scenario> chosen, Settings settings)
    {
        Console.WriteLine($"{DateTime.Now:yyyy-MM-dd HH:mm}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        Console.WriteLine($"{settings.Rounds} rounds, scale {settings.Scale}; median [min–max] of the rounds. CPU is of client and worker, then of the broker.");
        await using var stand = new BrokerStand();
        var lines = new List<string>();
        var failed = false;
        foreach (var scenario in chosen)
        {
            var contest = new Contest(scenario, stand, settings);
            await contest.RunAsync();
            Table.Write(scenario, contest);
            lines.AddRange(Table.Ratios(scenario, contest));
            failed |= contest.Failures.Count > 0;
        }
        Console.WriteLine();
        lines.ForEach(Console.WriteLine);
        return failed ? 1 : 0;
    }
}
