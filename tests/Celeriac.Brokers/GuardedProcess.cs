using System.Diagnostics;

namespace Celeriac.Brokers;

/// <summary>
/// A server in a session of its own, watched by a shell (<c>guard.sh</c>): whatever way this process dies, the server, what the server
/// started and its folder go too. <c>PR_SET_PDEATHSIG</c> would not do: it fires when the thread that started the server ends.
/// </summary>
internal sealed class GuardedProcess : IAsyncDisposable
{
    private static readonly string Guard = ReadGuard();
    private readonly Process _guard;
    private readonly int _id;

    private GuardedProcess(Process guard, int id)
    {
        _guard = guard;
        _id = id;
    }

    /// <summary>The server's process id, which is also its process group's.</summary>
    public int Id => _id;

    /// <summary>True once the server has ended.</summary>
    public bool HasExited => _guard.HasExited;

    /// <summary>The server's exit code, once it has ended; 128 and the signal's number where a signal ended it.</summary>
    public int ExitCode => _guard.ExitCode;

    /// <summary>Starts a program.</summary>
    /// <param name="folder">Everything the server writes; removed when this process dies.</param>
    /// <param name="log">Where its output is appended.</param>
    /// <param name="environment">Its whole environment.</param>
    /// <param name="command">The program and its arguments.</param>
    public static async Task<GuardedProcess> StartAsync(string folder, string log, IReadOnlyDictionary<string, string> environment, params string[] command)
    {
        var start = new ProcessStartInfo("setsid", ["/bin/sh", "-c", Guard, "guard", folder, log, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        var guard = Process.Start(start) ?? throw new InvalidOperationException($"'{command[0]}' did not start.");
        var line = await guard.StandardOutput.ReadLineAsync();
        return int.TryParse(line, out var id)
            ? new GuardedProcess(guard, id)
            : throw new InvalidOperationException($"'{command[0]}' did not start: the guard said '{line}' where its process id was expected.");
    }

    /// <summary>Asks the server to end with a signal, waits, and kills it when it takes longer than <paramref name="patience"/>.</summary>
    public async Task StopAsync(string signal, TimeSpan patience)
    {
        if (HasExited)
        {
            return;
        }
        // A frozen server hears nothing.
        await SignalAsync("CONT", everything: true);
        await SignalAsync(signal, everything: false);
        try
        {
            await _guard.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    /// <summary>Kills the server and all that it started (SIGKILL), frozen or not, and waits for their end.</summary>
    public async Task KillAsync()
    {
        try
        {
            await _guard.StandardInput.WriteLineAsync("kill");
            await _guard.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // The guard has ended, and the server before it.
        }
        await _guard.WaitForExitAsync();
    }

    /// <summary>Sends a signal to the server, or to all that it started too.</summary>
    public async Task SignalAsync(string signal, bool everything)
    {
        // The shell's own kill knows the signals by name, and a kill program may not be installed.
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"kill -s {signal} -- {(everything ? "-" : "")}{_id}"]) { RedirectStandardError = true })!;
        var said = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        if (shell.ExitCode != 0 && !HasExited)
        {
            throw new InvalidOperationException($"Sending {signal} to process {_id} failed: {said.Trim()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _guard.Dispose();
    }

    private static string ReadGuard()
    {
        using var stream = typeof(GuardedProcess).Assembly.GetManifestResourceStream("guard.sh")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
