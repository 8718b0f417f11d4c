using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Celeriac.Working.Processes;

/// <summary>The operating system's side of a child: its end, its signals, and what it writes.</summary>
[SuppressMessage("Design", "CA1001", Justification = "What the process has still written is read after its end; disposing would cut it off.")]
internal sealed class ChildProcess
{
    private readonly Process _process;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(ProcessStartInfo start) => _process = new Process { StartInfo = start, EnableRaisingEvents = true };

    public int Id { get; private set; }

    /// <summary>
    /// Ends with the process. Not with its output: a program that it has started may hold that open for ever.
    /// </summary>
    public Task Ended => _ended.Task;

    /// <summary>How it ended, once it has.</summary>
    public int ExitCode { get; private set; }

    public static ChildProcess Start(ProcessStartInfo start)
    {
        var child = new ChildProcess(start);
        var process = child._process;
        process.Exited += (_, _) => child.End();
        process.OutputDataReceived += (_, line) => child.PassOn(line.Data, Console.Out);
        process.ErrorDataReceived += (_, line) => child.PassOn(line.Data, Console.Error);
        process.Start();
        child.Id = process.Id;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        // Who reads from the console in a task must find its end, and not take what is typed for the worker.
        process.StandardInput.Close();
        return child;
    }

    public void Signal(string name)
    {
        // Never to a number that may belong to another process by now.
        if (!Ended.IsCompleted)
        {
            Signals.Send(Id, name);
        }
    }

    public void Kill()
    {
        if (OperatingSystem.IsWindows())
        {
            _process.Kill();
        }
        else
        {
            Signal(Signals.Kill);
        }
    }

    // Here and nowhere else: Process tells who asks from two threads at once that the exit code is 0.
    private void End()
    {
        ExitCode = _process.ExitCode;
        _ended.TrySetResult();
    }

    // A line of JSON is for a program to read, and tells the process id itself, in its scope.
    private void PassOn(string? line, TextWriter target)
    {
        if (line is not null)
        {
            target.WriteLine(line.StartsWith('{') ? line : string.Create(CultureInfo.InvariantCulture, $"[{Id}] {line}"));
        }
    }
}
