using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Celeriac.Brokers.Tests;

/// <summary>The program of <c>./build.sh brokers</c>, ended in every way it can be.</summary>
public sealed class OrphanTests(RabbitMqFixture rabbit, ActiveMqFixture active, RedisFixture redis) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private Process? _owner;

    public void Dispose()
    {
        // A test that fails before the end of its owner must not leave it behind.
        if (_owner is { HasExited: false })
        {
            _owner.Kill();
        }
        _owner?.Dispose();
    }

    [Fact]
    public async Task A_killed_owner_leaves_no_process_and_no_folder_behind()
    {
        Assert.True(rabbit.Server.ProcessId > 0);
        Assert.True(active.Server.ProcessId > 0);
        Assert.True(redis.Server.ProcessId > 0);
        var owner = Start();
        var folders = await FoldersAsync(owner);
        Assert.NotEmpty(ProcessesOf(folders));

        owner.Kill();
        await owner.WaitForExitAsync(TestContext.Current.CancellationToken);

        await EverythingIsGoneAsync(folders);
    }

    [Fact]
    public async Task An_owner_that_is_asked_to_end_leaves_no_process_and_no_folder_behind()
    {
        Assert.True(rabbit.Server.ProcessId > 0);
        Assert.True(active.Server.ProcessId > 0);
        Assert.True(redis.Server.ProcessId > 0);
        var owner = Start();
        var folders = await FoldersAsync(owner);

        using var shell = Process.Start("/bin/sh", ["-c", $"kill -TERM {owner.Id}"]);
        await owner.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, owner.ExitCode);
        Assert.Empty(ProcessesOf(folders));
        Assert.DoesNotContain(folders, Directory.Exists);
    }

    private Process Start()
    {
        var host = Path.Combine(Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")), "dotnet");
        return _owner = Process.Start(new ProcessStartInfo(host, ["exec", typeof(RabbitMqServer).Assembly.Location]) { RedirectStandardOutput = true })!;
    }

    /// <summary>The folders that the owner names; returns once all brokers run.</summary>
    private static async Task<List<string>> FoldersAsync(Process owner)
    {
        var folders = new List<string>();
        while (await owner.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Trim().StartsWith("data ", StringComparison.Ordinal))
            {
                folders.Add(line.Trim()["data ".Length..].Trim());
            }
            if (line.StartsWith("Ctrl+C", StringComparison.Ordinal))
            {
                break;
            }
        }
        // RabbitMQ, ActiveMQ, PostgreSQL and Redis.
        Assert.Equal(4, folders.Count);
        return folders;
    }

    private static async Task EverythingIsGoneAsync(List<string> folders)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (ProcessesOf(folders).Count > 0 || folders.Exists(Directory.Exists))
        {
            Assert.False(limit.IsCancellationRequested, $"Left behind: {string.Join("; ", ProcessesOf(folders))} {string.Join(' ', folders.Where(Directory.Exists))}");
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The processes with a folder in their environment or command line: the servers and all that they start.</summary>
    private static List<string> ProcessesOf(List<string> folders)
    {
        var found = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                var about = File.ReadAllText($"{process}/environ") + File.ReadAllText($"{process}/cmdline");
                if (folders.Exists(folder => about.Contains(folder, StringComparison.Ordinal)))
                {
                    found.Add($"{Path.GetFileName(process)} {File.ReadAllText($"{process}/comm").Trim()}");
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It has ended, or it is another user's.
            }
        }
        return found;
    }
}
