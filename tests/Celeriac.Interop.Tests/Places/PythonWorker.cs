using Celeriac.Brokers;

namespace Celeriac.Interop.Tests;

/// <summary>How a Python worker is started.</summary>
public sealed record PythonWorkerOptions
{
    public required string BrokerUrl { get; init; }
    public string? Backend { get; init; }
    public string Queue { get; init; } = "py";
    public string CSharpQueue { get; init; } = "cs";
    public string Node { get; init; } = "py@interop";
    public string Serializer { get; init; } = "json";
    /// <summary>Further variables that <c>interop_app.py</c> reads.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
    /// <summary>Further arguments of <c>celery worker</c>. Alone by default: mingle costs a second.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = ["--without-mingle", "--without-gossip", "-c", "2"];
}

/// <summary>A real <c>celery worker</c> as a child process, and its log.</summary>
public sealed class PythonWorker : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private readonly GuardedProcess _process;
    private readonly string _folder;
    private readonly string _log;

    private PythonWorker(GuardedProcess process, string folder, string log, string node)
    {
        _process = process;
        _folder = folder;
        _log = log;
        Node = node;
    }

    public string Node { get; }

    public bool IsAlive => !_process.HasExited;

    /// <summary>Everything it has logged so far.</summary>
    public string Log => ReadShared(_log);

    public static async Task<PythonWorker> StartAsync(PythonWorkerOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("celeriac-python-").FullName;
        var log = Path.Combine(folder, "worker.log");
        var environment = PythonProgram.Environment(options.BrokerUrl, options.Backend, options.Queue, options.CSharpQueue, options.Serializer);
        foreach (var (name, value) in options.Settings)
        {
            environment[name] = value;
        }
        var process = await GuardedProcess.StartAsync(folder, log, environment,
            [PythonProgram.Interpreter, "-m", "celery", "-A", "interop_app", "worker", "-Q", options.Queue, "-n", options.Node, "--loglevel", "INFO", .. options.Arguments]);
        var worker = new PythonWorker(process, folder, log, options.Node);
        await worker.WaitForLogAsync($"{options.Node} ready.");
        return worker;
    }

    /// <summary>Waits until the log holds a text.</summary>
    public async Task WaitForLogAsync(string text, int times = 1)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (Log.Split(text).Length - 1 < times)
        {
            Assert.False(_process.HasExited, $"The Python worker ended before it said '{text}'. Its log:\n{Log}");
            Assert.False(patience.IsCancellationRequested, $"The Python worker did not say '{text}' within {s_patience.TotalSeconds:0} s. Its log:\n{Log}");
            await pause.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>The log's lines that tell of trouble, but for those that hold one of the expected texts. A traceback belongs to the line before it.</summary>
    public IReadOnlyList<string> Complaints(params string[] expected)
    {
        var complaints = new List<string>();
        var isExpected = true;
        foreach (var line in Log.Split('\n'))
        {
            if (line.StartsWith('['))
            {
                var isTrouble = line.Contains(": ERROR/", StringComparison.Ordinal) || line.Contains(": CRITICAL/", StringComparison.Ordinal) || line.Contains(": WARNING/", StringComparison.Ordinal);
                isExpected = !isTrouble || expected.Any(text => line.Contains(text, StringComparison.Ordinal));
            }
            if (!isExpected || (!line.StartsWith('[') && complaints.Count == 0 && line.StartsWith("Traceback", StringComparison.Ordinal) && !isExpected))
            {
                complaints.Add(line);
            }
        }
        return complaints;
    }

    /// <summary>Ends it as an operator would (SIGTERM, warm shutdown).</summary>
    public Task StopAsync() => _process.StopAsync("TERM", TimeSpan.FromSeconds(30));

    /// <summary>Kills it and its pool (SIGKILL).</summary>
    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync("TERM", TimeSpan.FromSeconds(10));
        await _process.DisposeAsync();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    internal static string ReadShared(string path)
    {
        if (!File.Exists(path))
        {
            return "";
        }
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
