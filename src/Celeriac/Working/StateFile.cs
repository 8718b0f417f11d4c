using System.Buffers;
using System.Text.Json;
using Celeriac.Diagnostics;
using Celeriac.Events;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Celery's <c>--statedb</c>: what this worker knows to be revoked, and its logical clock, in a file that outlives it. Each writing replaces the whole file at
/// once, so that a crash leaves the old one or the new one.
/// </summary>
internal sealed class StateFile(string path, Revocations revocations, LogicalClock clock, TimeProvider time, ILogger log)
{
    private const int LargestFile = 64 << 20;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longPause = TimeSpan.FromSeconds(30);
    private long _saved;

    /// <summary>The path with <c>%p</c> for the node's name, <c>%n</c> for what stands before its at sign and <c>%h</c> for what stands behind it.</summary>
    public static string PathOf(string pattern, string node)
    {
        var at = node.IndexOf('@', StringComparison.Ordinal);
        return pattern.Replace("%p", node, StringComparison.Ordinal).Replace("%n", node[..at], StringComparison.Ordinal).Replace("%h", node[(at + 1)..], StringComparison.Ordinal);
    }

    /// <summary>Reads the file, if there is one. A damaged one is put aside, and the worker begins anew.</summary>
    /// <exception cref="IOException">The file cannot be read, or its folder does not exist: then it could not be written either.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public void Load()
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder of state file '{path}' (worker_state_db) does not exist. Make it, or name another file.");
        }
        try
        {
            if (File.Exists(path))
            {
                Take(File.ReadAllBytes(path));
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or IndexOutOfRangeException)
        {
            Log.StateFileDamaged(log, error, path);
            File.Move(path, $"{path}.damaged", overwrite: true);
        }
        _saved = revocations.Changes;
    }

    /// <summary>Writes soon after each revocation, until the token fires, and then once more.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        var pause = s_pause;
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested || revocations.Changes != _saved)
            {
                pause = TrySave() ? s_pause : s_longPause;
            }
        }
    }

    private bool TrySave()
    {
        var changes = revocations.Changes;
        try
        {
            var temporary = $"{path}.{Environment.ProcessId}.new";
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                file.Write(Encode());
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
            _saved = changes;
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.StateFileNotWritten(log, error, path);
            return false;
        }
    }

    private ReadOnlySpan<byte> Encode()
    {
        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = true });
        var now = time.GetUtcNow();
        writer.WriteStartObject();
        writer.WriteNumber("version"u8, 1);
        writer.WriteNumber("clock"u8, clock.Now);
        writer.WriteStartObject("revoked"u8);
        foreach (var (id, age) in revocations.Ids)
        {
            writer.WriteNumber(id, (now - age).ToUnixTimeMilliseconds());
        }
        writer.WriteEndObject();
        writer.WriteStartArray("stamps"u8);
        foreach (var (name, value) in revocations.Stamps)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(name);
            writer.WriteStringValue(value);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return json.WrittenSpan;
    }

    private void Take(byte[] content)
    {
        if (content.Length > LargestFile)
        {
            throw new FormatException($"The file has {content.Length} bytes; a worker's state has at most {LargestFile}.");
        }
        using var document = JsonDocument.Parse(content);
        var root = document.RootElement;
        var now = time.GetUtcNow();
        var revoked = root.GetProperty("revoked"u8).EnumerateObject().Select(entry => (entry.Name, Age: now - DateTimeOffset.FromUnixTimeMilliseconds(entry.Value.GetInt64()))).ToList();
        var stamps = root.GetProperty("stamps"u8).EnumerateArray().Select(pair => (Name: pair[0].GetString()!, Value: pair[1].GetString()!)).ToList();
        clock.Adjust(root.GetProperty("clock"u8).GetInt64());
        foreach (var (id, age) in revoked)
        {
            revocations.Add([id], age);
        }
        foreach (var (name, value) in stamps)
        {
            revocations.AddStamps(name, [value]);
        }
    }
}
