using System.Diagnostics;

namespace Celeriac.Brokers;

/// <summary>
/// A real broker of this process's own: private ports of 127.0.0.1, its own data folder and configuration. It ends with this process,
/// whatever way that dies. Linux only.
/// </summary>
public abstract class BrokerServer : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private GuardedProcess? _process;

    private protected BrokerServer(string kind)
    {
        Folder = Directory.CreateTempSubdirectory($"celeriac-{kind}-").FullName;
        LogFile = Path.Combine(Folder, "output.log");
    }

    /// <summary>Everything the broker writes; deleted when the server is disposed.</summary>
    public string Folder { get; }

    /// <summary>What the broker says on its console.</summary>
    public string LogFile { get; }

    /// <summary>The broker's process id, while it runs.</summary>
    public int ProcessId => Running().Id;

    /// <summary>Ends the broker as its operator would, and waits for it. Its data stay.</summary>
    public async Task StopAsync()
    {
        await Running().StopAsync(StopSignal, StopPatience);
        await ForgetAsync();
    }

    /// <summary>Kills the broker and all that it started, as a power failure would. Its data stay.</summary>
    public virtual async Task KillAsync()
    {
        await Running().KillAsync();
        await ForgetAsync();
    }

    /// <summary>Starts the broker again with the same ports and data; stops it first where it runs.</summary>
    public async Task RestartAsync()
    {
        if (_process is not null)
        {
            await StopAsync();
        }
        await RunAsync();
    }

    /// <summary>Stops the broker where it is (SIGSTOP): its connections stay open and nothing answers.</summary>
    public Task FreezeAsync() => Running().SignalAsync("STOP", everything: true);

    /// <summary>Lets a frozen broker go on (SIGCONT).</summary>
    public Task ThawAsync() => Running().SignalAsync("CONT", everything: true);

    /// <summary>Ends the broker and deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await ForgetAsync();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes its configuration and starts it for the first time; what does not start leaves nothing behind.</summary>
    private protected async Task FirstRunAsync()
    {
        try
        {
            Configure();
            await RunAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the configuration below <see cref="Folder"/>.</summary>
    private protected abstract void Configure();

    private protected string Below(string name) => Path.Combine(Folder, name);

    private protected abstract (IReadOnlyDictionary<string, string> Environment, string[] Command) Launch();

    private protected abstract Task<bool> IsReadyAsync();

    /// <summary>How long a start may take before it counts as failed.</summary>
    private protected abstract TimeSpan StartTimeout { get; }

    /// <summary>The signal by which its operator ends it.</summary>
    private protected virtual string StopSignal => "TERM";

    /// <summary>Starts the broker and waits until its protocols answer.</summary>
    private protected async Task RunAsync()
    {
        var (environment, command) = Launch();
        _process = await GuardedProcess.StartAsync(Folder, LogFile, environment, command);
        var started = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await IsReadyAsync())
        {
            await pause.WaitForNextTickAsync();
            if (_process.HasExited)
            {
                throw new BrokerException($"{GetType().Name} ended with exit code {_process.ExitCode} while it started. {LastWords()}");
            }
            if (Stopwatch.GetElapsedTime(started) > StartTimeout)
            {
                await ForgetAsync();
                throw new BrokerException($"{GetType().Name} did not answer within {StartTimeout.TotalSeconds:0} s. {LastWords()}");
            }
        }
    }

    private protected static IReadOnlyDictionary<string, string> PlainEnvironment(string home) => new Dictionary<string, string>
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin:/usr/sbin:/sbin",
        ["HOME"] = home,
        ["LANG"] = "C.UTF-8",
    };

    private GuardedProcess Running() =>
        _process ?? throw new InvalidOperationException($"{GetType().Name} is not running. Call RestartAsync first.");

    private async Task ForgetAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.DisposeAsync();
        }
    }

    // The first failure explains the others, and the last lines say how it ended.
    private string LastWords()
    {
        var lines = File.Exists(LogFile) ? File.ReadAllLines(LogFile) : [];
        var shown = lines.Length <= 80 ? lines : [.. lines[..50], "...", .. lines[^20..]];
        return $"Its log:{Environment.NewLine}{string.Join(Environment.NewLine, shown)}";
    }
}
