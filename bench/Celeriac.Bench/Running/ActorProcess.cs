using System.Diagnostics;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Running;

/// <summary>Whose actors there are.</summary>
internal enum ActorProgram
{
    /// <summary>This program.</summary>
    Bench,

    /// <summary>bench/Peers.</summary>
    Peers,

    /// <summary>bench/celery/peer.py.</summary>
    Celery,
}

/// <summary>A run did not come to its end. The message holds what its process said.</summary>
internal sealed class RunFailedException(string message) : Exception(message);

/// <summary>An actor's process, as the bench sees it.</summary>
internal sealed class ActorProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Stopwatch _age = Stopwatch.StartNew();
    private readonly TaskCompletionSource _ready = Source();
    private readonly TaskCompletionSource<Report> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<TimeSpan> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<string> _errors;
    private readonly Task _listening;
    private readonly string _name;

    private ActorProcess(string name, Process process)
    {
        (_name, _process) = (name, process);
        _errors = process.StandardError.ReadToEndAsync();
        _listening = Task.Run(ListenAsync);
    }

    public int Id => _process.Id;

    /// <summary>Ends with the time since its start when it says that its measured part begins.</summary>
    public Task<TimeSpan> Begun => _begun.Task;

    public Task Ready => _ready.Task;

    public Task<Report> Done => _done.Task;

    /// <param name="role">What it plays.</param>
    /// <param name="learns">True where there is time for the runtime to learn what is called how, which costs twice as much for a while and less from then on.</param>
    /// <param name="common">What all of a run are told.</param>
    public static ActorProcess Start(Role role, bool learns, IEnumerable<string> common)
    {
        var (program, first) = Command(role.Program);
        var start = new ProcessStartInfo(program, [.. first, role.Words[0], .. common, .. role.Words[1..]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (role.IsPlain || learns)
        {
            start.Environment["DOTNET_TieredPGO"] = "1";
        }
        if (role.IsPlain)
        {
            // Hexadecimal: 70, 100 ms and no bound, .NET's own.
            start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "46";
            start.Environment["DOTNET_TC_CallCountingDelayMs"] = "64";
            start.Environment["DOTNET_GCGen0MaxBudget"] = "0";
        }
        return new ActorProcess($"{role.Program} {string.Join(' ', role.Words)}", Process.Start(start)!);
    }

    public void Go()
    {
        _process.StandardInput.WriteLine("go");
        _process.StandardInput.Flush();
    }

    /// <summary>Says that the others are done; what it has done is in <see cref="Done"/> then.</summary>
    public void End() => _process.StandardInput.Close();

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(15));
        }
        catch (Exception error) when (error is TimeoutException or IOException)
        {
            _process.Kill(entireProcessTree: true);
        }
        await _listening;
        _process.Dispose();
    }

    private static (string Program, string[] First) Command(ActorProgram program) => program switch
    {
        ActorProgram.Bench => ("dotnet", ["exec", typeof(ActorProcess).Assembly.Location, "actor"]),
        ActorProgram.Peers => ("dotnet", ["exec", Places.PeersAssembly]),
        _ => ("/usr/bin/python3", [Places.CeleryPeer]),
    };

    private static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ListenAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            switch (line.Split(' ')[0])
            {
                case "ready": _ready.TrySetResult(); break;
                case "begin": _begun.TrySetResult(_age.Elapsed); break;
                case "done": _done.TrySetResult(Report.Parse(line)); break;
            }
        }
        var said = (await _errors).Trim();
        var failure = new RunFailedException($"'{_name}' has ended early. It said: {(said.Length == 0 ? "nothing" : said[^Math.Min(said.Length, 2000)..])}");
        Fail(_ready, failure);
        Fail(_begun, failure);
        Fail(_done, failure);
    }

    private static void Fail(TaskCompletionSource source, Exception error)
    {
        source.TrySetException(error);
        _ = source.Task.Exception;
    }

    private static void Fail<T>(TaskCompletionSource<T> source, Exception error)
    {
        source.TrySetException(error);
        _ = source.Task.Exception;
    }
}
