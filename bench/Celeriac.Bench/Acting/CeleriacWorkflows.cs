using System.Diagnostics;

namespace Celeriac.Bench.Acting;

/// <summary>A process that sends workflows and waits for their ends: <c>shape=chord</c> or <c>chain</c>, each of <c>width=</c> tasks, so many of them at once.</summary>
internal sealed class CeleriacWorkflows(Arguments arguments) : Actor
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private readonly TaskClient _client = TaskClient.Open(CeleriacWorker.Options(arguments));
    private readonly Meter _meter = new(arguments.Tasks);
    private readonly int _width = arguments.Number("width", 10);

    public override async Task PrepareAsync() => await _client.Transport.ConnectAsync();

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        // One that is as wide as the warm part allows, and no more than are measured.
        await RunOneAsync(Math.Clamp(arguments.Warm, 1, _width));
        _meter.Begin();
        await Windowed.RunAsync(Math.Max(1, arguments.Tasks / _width), arguments.Window, _ => RunOneAsync(Math.Min(_width, arguments.Tasks)));
        return _meter.Finish(arguments.Tasks);
    }

    public override ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task RunOneAsync(int width)
    {
        var begun = Stopwatch.GetTimestamp();
        var isChord = arguments.Text("shape") == "chord";
        long expected = isChord ? (long)width * (width - 1) / 2 : width, result = isChord ? await ChordAsync(width) : await ChainAsync(width);
        if (result != expected)
        {
            throw new InvalidOperationException($"A {arguments.Text("shape")} of {width} has the result {result}, not {expected}.");
        }
        _meter.NoteSince(begun);
    }

    private async Task<long> ChordAsync(int width)
    {
        var chord = Group.Of(Enumerable.Range(0, width).Select(number => BenchTasks.AddTask.S(number, 0))) | BenchTasks.TotalTask.Partial();
        return await (await _client.SendAsync(chord)).GetAsync(s_patience);
    }

    private async Task<long> ChainAsync(int width)
    {
        var chain = Enumerable.Range(1, width - 1).Aggregate(BenchTasks.AddTask.S(0, 1), (before, _) => before | BenchTasks.AddTask.Partial(1));
        return await (await _client.SendAsync(chain)).GetAsync(s_patience);
    }
}
