using System.Text.Json;
using Celeriac.Control.Commands;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Control;

/// <summary>
/// At start a worker looks who else consumes its queues, and says in the log what would surprise an operator: tasks that only one of them knows, and results
/// that go to different places. Nothing depends on it; a fleet that does not answer is no fault.
/// </summary>
internal static class Neighbours
{
    // A large fleet need not be told of one by one.
    private const int MostAsked = 10;
    private const int MostNamed = 20;
    private static readonly ControlOptions s_all = new() { Timeout = TimeSpan.FromSeconds(1) };

    /// <summary>Looks once. Never throws.</summary>
    public static async Task LookAsync(ControlledWorker worker, CancellationToken stop)
    {
        try
        {
            var inspect = new RemoteInspect(worker.Client);
            var shared = SharedQueues(worker, await inspect.ActiveQueuesAsync(s_all, stop).ConfigureAwait(false));
            if (shared.Count == 0)
            {
                return;
            }
            var asked = s_all with { Destination = [.. shared.Keys.Order(StringComparer.Ordinal).Take(MostAsked)] };
            foreach (var reply in await inspect.RegisteredAsync(null, asked, stop).ConfigureAwait(false))
            {
                CompareTasks(worker, reply, shared);
            }
            foreach (var reply in await inspect.ConfAsync(withDefaults: false, asked, stop).ConfigureAwait(false))
            {
                CompareResults(worker, reply);
            }
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException)
        {
            Log.NeighboursUnknown(worker.Log, error, worker.Node);
        }
    }

    /// <summary>Whether results of both go to the same kind of place on the same server, as far as URLs can tell; true where one of them cannot be read.</summary>
    public static bool AreSameResults(string ours, string theirs) =>
        Read(ours) is not { } one || Read(theirs) is not { } other
        || (one.Scheme == other.Scheme && (one.Scheme == "rpc" || (IsSameHost(one.Host, other.Host) && DatabaseOf(one) == DatabaseOf(other))));

    private static Dictionary<string, string[]> SharedQueues(ControlledWorker worker, IReadOnlyList<NodeReply<IReadOnlyList<RemoteQueue>>> replies) => replies
        .Where(reply => reply.Node != worker.Node && reply.Value is not null)
        .Select(reply => (reply.Node, Queues: reply.Value!.Select(queue => queue.Name).Intersect(worker.State.Intake.Queues, StringComparer.Ordinal).ToArray()))
        .Where(neighbour => neighbour.Queues.Length > 0)
        .DistinctBy(neighbour => neighbour.Node)
        .ToDictionary(neighbour => neighbour.Node, neighbour => neighbour.Queues, StringComparer.Ordinal);

    private static void CompareTasks(ControlledWorker worker, NodeReply<IReadOnlyList<string>> reply, Dictionary<string, string[]> shared)
    {
        if (reply.Value is not { } told || !shared.TryGetValue(reply.Node, out var queues))
        {
            return;
        }
        // A task may be followed by its attributes: name [rate_limit=10/m].
        var theirs = told.Select(task => task.Split(' ')[0]).ToHashSet(StringComparer.Ordinal);
        var ours = worker.State.Tasks.All.Select(task => task.Definition.Name).ToHashSet(StringComparer.Ordinal);
        var (onlyOurs, onlyTheirs) = (Named(ours.Except(theirs)), Named(theirs.Except(ours)));
        if (onlyOurs is null && onlyTheirs is null)
        {
            Log.NeighbourAlike(worker.Log, worker.Node, Shown(reply.Node), Shown(string.Join(", ", queues)));
        }
        else
        {
            Log.NeighbourDiffers(worker.Log, worker.Node, Shown(reply.Node), Shown(string.Join(", ", queues)), onlyOurs ?? "none", onlyTheirs ?? "none");
        }
    }

    private static void CompareResults(ControlledWorker worker, NodeReply reply)
    {
        if (reply.Value.ValueKind != JsonValueKind.Object || !reply.Value.TryGetProperty("result_backend"u8, out var told) || told.ValueKind != JsonValueKind.String)
        {
            return;
        }
        var (ours, theirs) = (Configuration.ResultsOf(worker), told.GetString()!);
        if (!AreSameResults(ours, theirs))
        {
            Log.NeighbourResultsDiffer(worker.Log, worker.Node, Configuration.ShownResultsOf(worker), Shown(reply.Node), Shown(theirs == "rpc:///" ? "rpc://" : theirs));
        }
    }

    private static string? Named(IEnumerable<string> tasks)
    {
        var names = tasks.Order(StringComparer.Ordinal).ToList();
        return names.Count == 0 ? null : string.Join(", ", names.Take(MostNamed).Select(Shown)) + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");
    }

    /// <summary>Celery writes some stores without the slashes.</summary>
    private static BrokerUrl? Read(string url)
    {
        try
        {
            return BrokerUrl.Parse(url.Contains("://", StringComparison.Ordinal) ? url : $"{url}://");
        }
        catch (BrokerUrlException)
        {
            return null;
        }
    }

    private static bool IsSameHost(string one, string other) => Normal(one) == Normal(other);

    private static string Normal(string host) => host is "127.0.0.1" or "::1" or "[::1]" ? "localhost" : host;

    private static string DatabaseOf(BrokerUrl url) => url.Path.Trim('/') is { Length: > 0 } path ? path : "0";

    private static string Shown(string text) => TaskMessageDecoder.Shown(text);
}
