using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Pools.Tests;

/// <summary>A worker with child processes, as a program of its own, with a broker that the test shares with it.</summary>
internal sealed class PoolHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("pools-").FullName;
    private readonly List<string> _lines = [];
    private readonly Process _process;
    private TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    static PoolHost() => Transports.Add("sqlite", new SqliteTransportFactory());

    private PoolHost(Func<string, IEnumerable<string>> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        Client = TaskClient.Open(Broker);
        var start = new ProcessStartInfo(DotnetHost(), ["exec", Path.Combine(AppContext.BaseDirectory, "Celeriac.Pools.Peer.dll"), .. arguments(Broker)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Broker => $"sqlite://{_folder}/q.db";

    public TaskClient Client { get; }

    public int Id => _process.Id;

    /// <summary>A worker of that many children.</summary>
    public static PoolHost Start(int children, params string[] more) => Start(children, null, more);

    public static PoolHost Start(int children, IReadOnlyDictionary<string, string>? environment, params string[] more) =>
        new(broker => ["-b", broker, "worker", "-P", "processes", "-c", children.ToString(CultureInfo.InvariantCulture), "-n", "pool@test", "-l", "info", .. more], environment);

    /// <summary>The program with other arguments.</summary>
    public static PoolHost Run(Func<string, IEnumerable<string>> arguments) => new(arguments, null);

    public string PathOf(string name) => Path.Combine(_folder, name);

    public async Task<AsyncResult> SendAsync(string task, params object[] arguments) =>
        await Client.SendAsync(new Signature(task) { Args = JsonSerializer.SerializeToUtf8Bytes(arguments) }, TestContext.Current.CancellationToken);

    /// <summary>Sends, and waits for the result.</summary>
    public async Task<JsonElement> CallAsync(string task, params object[] arguments) => await GetAsync(await SendAsync(task, arguments));

    public static async Task<JsonElement> GetAsync(AsyncResult result) =>
        JsonDocument.Parse(await result.GetJsonAsync(Patience, TestContext.Current.CancellationToken)).RootElement;

    /// <summary>Sends, and waits for the failure.</summary>
    public async Task<RemoteTaskException> FailAsync(string task, params object[] arguments) => await FailureOf(await SendAsync(task, arguments));

    public static Task<RemoteTaskException> FailureOf(AsyncResult result) =>
        Assert.ThrowsAsync<RemoteTaskException>(async () => await result.GetJsonAsync(Patience, TestContext.Current.CancellationToken));

    /// <summary>The first line that contains the text, as soon as it is there.</summary>
    public async Task<string> LineAsync(string text, int skip = 0)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Task heard;
            lock (_lines)
            {
                if (_lines.Where(line => line.Contains(text, StringComparison.Ordinal)).Skip(skip).FirstOrDefault() is { } found)
                {
                    return found;
                }
                heard = _heard.Task;
            }
            try
            {
                await heard.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"The worker did not say '{text}'. It said:\n{Transcript}");
            }
        }
    }

    public string Transcript
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public int CountOf(string text)
    {
        lock (_lines)
        {
            return _lines.Count(line => line.Contains(text, StringComparison.Ordinal));
        }
    }

    /// <summary>The process in which a task says that it naps or spins.</summary>
    public async Task<int> ProcessOfAsync(string what, int skip = 0) => int.Parse((await LineAsync($"task {what} in ", skip)).Split(' ')[^1], CultureInfo.InvariantCulture);

    /// <summary>What <c>inspect stats</c> tells of the pool.</summary>
    public async Task<JsonElement> StatsAsync()
    {
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < Patience;)
        {
            // A worker that has just begun may not listen yet.
            if (await Client.Inspect.StatsAsync(new ControlOptions { Limit = 1, Timeout = TimeSpan.FromSeconds(1) }, TestContext.Current.CancellationToken) is [var reply])
            {
                return reply.Value.GetProperty("pool");
            }
        }
        Assert.Fail($"The worker does not answer. {Transcript}");
        return default;
    }

    /// <summary>The ids of the children, once there are as many.</summary>
    public async Task<IReadOnlyList<int>> ChildrenAsync(int number)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var patience = Stopwatch.StartNew();
        while (patience.Elapsed < Patience)
        {
            var ids = (await StatsAsync()).GetProperty("processes").EnumerateArray().Select(id => id.GetInt32()).ToList();
            if (ids.Count == number)
            {
                return ids;
            }
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
        Assert.Fail($"There are not {number} children. {Transcript}");
        return [];
    }

    public static void Signal(int processId, int signal) => Assert.Equal(0, SendSignal(processId, signal));

    /// <summary>Waits until the process is no more.</summary>
    public static async Task GoneAsync(int processId)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var patience = Stopwatch.StartNew();
        // A zombie whose new parent does not care for it counts as gone.
        while (Directory.Exists($"/proc/{processId}") && File.ReadAllText($"/proc/{processId}/stat").Split(' ')[2] != "Z")
        {
            Assert.True(patience.Elapsed < Patience, $"Process {processId} lives on.");
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks the worker to stop and answers its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signal(Id, 15);
        return await EndedAsync();
    }

    public async Task<int> EndedAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
        await Client.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }
        lock (_lines)
        {
            _lines.Add(line);
            _heard.TrySetResult();
            _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The host that runs this process's own framework: the tests may have been started by another program than <c>dotnet</c>.</summary>
    private static string DotnetHost() => Path.Combine(Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")), "dotnet");

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
