using System.Diagnostics;
using System.Text.Json;

namespace Celeriac.Interop.Tests;

/// <summary>A Python process with the app that runs what a test gives it: the body of a function, whose return value comes back as JSON. One for each test class.</summary>
public sealed class PythonClient(InteropPlace place) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private readonly SemaphoreSlim _turn = new(1);
    private Process? _process;
    private Task<string>? _errors;

    /// <summary>Which broker and results it uses; set before the first program runs.</summary>
    public string? BrokerUrl { get; set; }

    public string? Backend { get; set; }

    public string Serializer { get; set; } = "json";

    /// <summary>Further variables that <c>interop_app.py</c> reads; set before the first program runs.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>Runs a program and answers what it returned.</summary>
    public async Task<JsonElement> RunAsync(string program)
    {
        await _turn.WaitAsync();
        try
        {
            _process ??= Start();
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(program));
            await _process.StandardInput.FlushAsync();
            var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(s_patience);
            Assert.True(line is not null, line is null ? $"The Python client ended: {await _errors!}" : "");
            var answer = JsonDocument.Parse(line!).RootElement;
            Assert.False(answer.TryGetProperty("failure", out var failure), failure.ValueKind == JsonValueKind.String ? $"{failure.GetString()}\n{program}" : "");
            return answer.GetProperty("value");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends a task, waits for its end and answers its value; fails where it failed.</summary>
    public async Task<JsonElement> ValueAsync(string call)
    {
        var outcome = await OutcomeAsync(call);
        Assert.True(outcome.TryGetProperty("value", out var value), $"{call}: {outcome}");
        return value;
    }

    /// <summary>Sends a task, waits for its end and answers how it ended. Example of a call: <c>'cs.add', 2, 3, priority=5</c>.</summary>
    public Task<JsonElement> OutcomeAsync(string call) => RunAsync($"return outcome(send({call}))");

    /// <summary>Runs the command <c>celery</c> against the same app, and answers its exit code and what it wrote.</summary>
    public async Task<(int Code, string Output)> CommandAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(PythonProgram.Interpreter, ["-m", "celery", "-A", "interop_app", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Prepare(start);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        return (process.ExitCode, output + await errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                process.Kill();
            }
            process.Dispose();
        }
        _turn.Dispose();
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(PythonProgram.Interpreter, [Path.Combine(PythonProgram.Folder, "client.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Prepare(start);
        var process = Process.Start(start)!;
        _errors = process.StandardError.ReadToEndAsync();
        return process;
    }

    private void Prepare(ProcessStartInfo start)
    {
        start.Environment.Clear();
        foreach (var (name, value) in PythonProgram.Environment(BrokerUrl ?? place.Server.AmqpUrl, Backend, "py", "cs", Serializer).Concat(Settings))
        {
            start.Environment[name] = value;
        }
    }
}
