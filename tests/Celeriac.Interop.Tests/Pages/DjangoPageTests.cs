using System.Diagnostics;
using System.Text.RegularExpressions;
using Celeriac.Brokers;

namespace Celeriac.Interop.Tests.Pages;

/// <summary>docs/django.md, done as it says: its Python files, its C# tasks (compiled from samples/Snippets), results in Redis.</summary>
public sealed partial class DjangoPageTests(InteropPlace place) : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("celeriac-django-").FullName;
    private RedisServer? _redis;
    private string _broker = "";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _broker = await place.NewVirtualHostAsync("django");
        foreach (var page in PythonFile().Matches(await File.ReadAllTextAsync(Path.Combine(PythonProgram.Folder, "django.md"), Cancelled)).Cast<Match>())
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, page.Groups["name"].Value), page.Groups["code"].Value, Cancelled);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_redis?.DisposeAsync() ?? default);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_page_works_as_it_is_written()
    {
        await using var worker = await CSharpWorker.StartAsync(_broker, "csharp", "celeriac@django", _redis!.Url, celeriac => celeriac.AddTasks(Celeriac.Interop.Tests.CeleriacTasks.All));
        // It ends with this process, whatever way that ends.
        await using var python = await GuardedProcess.StartAsync(_folder, Path.Combine(_folder, "worker.log"), Variables(), [PythonProgram.Interpreter, "-m", "celery", "-A", "shop", "worker", "-n", "py@django", "-c", "1"]);
        var (code, output) = await RunAsync("call.py");
        Assert.True(code == 0, output);
        Assert.Equal(["cat.png at 300", "A picture at cat.png"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));

        var (_, status) = await RunAsync("-m", "celery", "-A", "shop", "status");
        Assert.Contains("celeriac@django: OK", status, StringComparison.Ordinal);
        var (_, registered) = await RunAsync("-m", "celery", "-A", "shop", "inspect", "registered");
        Assert.Contains("* images.thumbnail", registered, StringComparison.Ordinal);
        var (_, limited) = await RunAsync("-m", "celery", "-A", "shop", "control", "rate_limit", "images.thumbnail", "10/m");
        Assert.Contains("new rate limit set successfully", limited, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync(Cancelled);
        var output = await process.StandardOutput.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled).WaitAsync(s_patience, Cancelled);
        return (process.ExitCode, process.ExitCode == 0 ? output : output + await errors);
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(PythonProgram.Interpreter, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.Environment.Clear();
        foreach (var (name, value) in Variables())
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    private Dictionary<string, string> Variables() => new(PythonProgram.Environment(_broker, null, "py", "cs"))
    {
        ["BROKER_URL"] = _broker,
        ["RESULT_BACKEND"] = _redis!.Url,
        ["PYTHONPATH"] = _folder,
    };

    [GeneratedRegex(@"<!-- python: (?<name>\w+\.py) -->\n```python\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonFile();
}
