using System.Diagnostics;
using System.Reflection;

namespace Celeriac.Samples;

/// <summary>A worker process did not do what it was started for. The message holds what it said.</summary>
internal sealed class WorkerEndedException(string message) : Exception(message);

/// <summary>
/// This same program in another process, with the verb <c>worker</c>. What it prints is kept, and shown only when it fails.
/// It never outlives its parent: it ends when its input does (<see cref="EndOfInput"/>), which also happens when the parent dies.
/// </summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private const int RememberedLines = 40;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(40);

    private readonly Process _process;
    private readonly Queue<string> _words = new();
    private bool _mayEnd;

    private WorkerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Ended = process.WaitForExitAsync();
    }

    /// <summary>The process's number.</summary>
    internal int Id => _process.Id;

    /// <summary>False once it has ended, however.</summary>
    internal bool IsRunning => !_process.HasExited;

    /// <summary>Ends with the process.</summary>
    private Task Ended { get; }

    /// <summary>Starts a worker. Its broker is the one of this process's environment.</summary>
    /// <param name="options">What follows the verb, for example <c>-n w1@%h</c>.</param>
    internal static WorkerProcess Start(params string[] options)
    {
        // Started by `dotnet run` this process is the program itself; started by `dotnet exec` it is dotnet.
        var program = Environment.ProcessPath!;
        string[] assembly = Path.GetFileNameWithoutExtension(program) == "dotnet" ? ["exec", Assembly.GetEntryAssembly()!.Location] : [];
        return new WorkerProcess(new Process
        {
            StartInfo = new ProcessStartInfo(program, [.. assembly, "worker", "-l", "warning", .. options])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { [EndOfInput.Variable] = "1" },
            },
        });
    }

    /// <summary>Waits for something that this worker is needed for.</summary>
    /// <exception cref="WorkerEndedException">The worker has ended instead.</exception>
    internal async Task<T> WhileWorkingAsync<T>(Task<T> task)
    {
        await Task.WhenAny(task, Ended);
        // What the worker has finished last may be here a moment after its end.
        return task.IsCompleted || _mayEnd ? await task : throw Failure("has ended");
    }

    /// <summary>Kills the process where it stands: SIGKILL, no farewell.</summary>
    internal async Task KillAsync()
    {
        _mayEnd = true;
        _process.Kill();
        await Ended;
    }

    /// <summary>Asks the worker to stop: it takes nothing new, finishes what runs and ends.</summary>
    /// <exception cref="WorkerEndedException">It did not end, or not well.</exception>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _mayEnd = true;
        _process.StandardInput.Close();
        try
        {
            await Ended.WaitAsync(s_patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Failure($"does not stop within {s_patience.TotalSeconds} s");
        }
        if (_process.ExitCode != 0)
        {
            throw Failure($"has stopped with exit code {_process.ExitCode}");
        }
    }

    /// <summary>Kills the process if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }
        _process.Dispose();
    }

    private WorkerEndedException Failure(string what)
    {
        lock (_words)
        {
            var said = _words.Count == 0 ? "It said nothing." : "It said:" + Environment.NewLine + string.Join(Environment.NewLine, _words);
            return new WorkerEndedException($"Worker process {Id} {what}. {said}");
        }
    }

    private void Hear(string? line)
    {
        lock (_words)
        {
            if (line is null)
            {
                return;
            }
            if (_words.Count == RememberedLines)
            {
                _words.Dequeue();
            }
            _words.Enqueue(line);
        }
    }
}
