using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>A running peer program, seen from the fact that started it. See <see cref="PeerProgram"/> for its commands.</summary>
public sealed class PeerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _transcript = [];
    private readonly TimeSpan _patience;

    internal PeerProcess(string assembly, TimeSpan patience, params string[] arguments)
    {
        _patience = patience;
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(DotnetHost(), ["exec", assembly, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Note($"(stderr) {line.Data}");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Gives the peer a command.</summary>
    public async Task SendAsync(string command)
    {
        Note($"> {command}");
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>The next line that the peer says, or null when it has ended; fails when it says nothing in time.</summary>
    public async Task<string?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(_patience);
        try
        {
            return await _lines.Reader.WaitToReadAsync(patience.Token) && _lines.Reader.TryRead(out var line) ? line : null;
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The peer process said nothing for {_patience.TotalSeconds} s. {Transcript()}");
            throw;
        }
    }

    /// <summary>Reads up to a line that begins with a word, and answers the rest of that line. Fails when the peer ends or reports an error first.</summary>
    public async Task<string> WaitForAsync(string word)
    {
        while (await ReadAsync() is { } line)
        {
            Assert.False(line.StartsWith("error ", StringComparison.Ordinal), $"The peer process failed: {line}. {Transcript()}");
            if (line.Split(' ')[0] == word)
            {
                return line[word.Length..].TrimStart();
            }
        }
        Assert.Fail($"The peer process ended before it said '{word}'. {Transcript()}");
        throw new InvalidOperationException();
    }

    /// <summary>Gives the peer a command and waits for a line that begins with a word; answers the rest of that line.</summary>
    public async Task<string> AskAsync(string command, string word)
    {
        await SendAsync(command);
        return await WaitForAsync(word);
    }

    /// <summary>Kills the process as SIGKILL does, waits for its end, and answers what it had still said.</summary>
    public async Task<IReadOnlyList<string>> KillAsync()
    {
        _process.Kill();
        return await ReadToEndAsync();
    }

    /// <summary>Lets the process end in order, waits for its end, and answers what it had still said.</summary>
    public async Task<IReadOnlyList<string>> ExitAsync()
    {
        await SendAsync("exit");
        return await ReadToEndAsync();
    }

    /// <summary>
    /// Stops the process (SIGSTOP), but not inside a write: a process that is stopped there keeps everybody from a store in a file until it goes on. Needs Unix.
    /// </summary>
    /// <param name="shared">What it shares with others.</param>
    public async Task FreezeAsync(ITransport shared)
    {
        var probe = $"probe-{Guid.NewGuid():N}";
        await shared.DeclareAsync(Topology.Queue(probe));
        await SignalAsync("STOP");
        while (!await CanWriteAsync(shared, probe))
        {
            await ThawAsync();
            await SignalAsync("STOP");
        }
    }

    /// <summary>Lets a frozen process go on (SIGCONT). Needs Unix.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>Kills the process, frozen or not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>Waits for the end of the process, and answers what it had still said.</summary>
    public async Task<IReadOnlyList<string>> ReadToEndAsync()
    {
        var lines = new List<string>();
        while (await ReadAsync() is { } line)
        {
            lines.Add(line);
        }
        await _process.WaitForExitAsync();
        return lines;
    }

    private static async Task<bool> CanWriteAsync(ITransport shared, string probe)
    {
        try
        {
            await shared.PublishAsync(Publication.ToQueue(probe, new Message { Body = new byte[1] })).AsTask().WaitAsync(TimeSpan.FromSeconds(1));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // The shell's own kill knows the signals by name: their numbers differ between systems, and a kill program may not be installed.
    private async Task SignalAsync(string signal)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"kill -{signal} {_process.Id}"]))!;
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            _lines.Writer.TryComplete();
            return;
        }
        Note(line);
        _lines.Writer.TryWrite(line);
    }

    private void Note(string line)
    {
        lock (_transcript)
        {
            _transcript.Add(line);
        }
    }

    private string Transcript()
    {
        lock (_transcript)
        {
            return $"Its last lines: {string.Join(" | ", _transcript.TakeLast(20))}";
        }
    }

    /// <summary>The host that runs this process's own framework: the tests may have been started by another program than <c>dotnet</c>.</summary>
    private static string DotnetHost()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
    }
}
