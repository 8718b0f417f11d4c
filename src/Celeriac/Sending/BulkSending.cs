using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Sending;

/// <summary>
/// Sends a list of tasks: a chunk is written, published as one list and awaited, then comes the next, so that memory holds one chunk however long the list is.
/// The first chunk that is not confirmed whole ends it.
/// </summary>
internal sealed class BulkSending<TResult>(TaskClient client, Func<SentCall, TResult> resultOf)
{
    private const int MostTogether = 1000;
    private const int MostBytesTogether = 4 << 20;
    private const int MostFilteredTogether = 64;

    private readonly List<TResult> _results = [];
    private readonly List<string> _confirmed = [];

    /// <exception cref="BulkSendException">Something was tried and not all of it is confirmed.</exception>
    public async ValueTask<IReadOnlyList<TResult>> SendAsync(IEnumerable<Signature> signatures, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        var chunk = new List<Signature>();
        var bytes = 0;
        var most = client.HasFilters ? MostFilteredTogether : MostTogether;
        try
        {
            foreach (var signature in signatures)
            {
                ArgumentNullException.ThrowIfNull(signature, nameof(signatures));
                chunk.Add(signature);
                bytes += signature.Args.Length + signature.Kwargs.Length + signature.ChainBytes.Length + signature.ChordBytes.Length;
                if (chunk.Count == most || bytes > MostBytesTogether)
                {
                    await SendChunkAsync(chunk, cancellationToken).ConfigureAwait(false);
                    chunk.Clear();
                    bytes = 0;
                }
            }
            await SendChunkAsync(chunk, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not BulkSendException && _confirmed.Count > 0)
        {
            // The chunk was never published: reading the list or writing a message failed.
            throw new BulkSendException(Items([]), error);
        }
        return _results;
    }

    private ValueTask SendChunkAsync(List<Signature> chunk, CancellationToken cancellationToken) =>
        chunk.Count == 0 ? default : client.HasFilters || chunk.Exists(IsUnique) ? SendSinglyAsync(chunk, cancellationToken) : SendPlainAsync(chunk, cancellationToken);

    private static bool IsUnique(Signature signature) => UniqueCall.Of(signature) is not null;

    private async ValueTask SendPlainAsync(List<Signature> chunk, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Destination[] routed = [.. chunk.Select(client.Router.Route)];
        var destinations = Telemetry.Source.HasListeners() || Telemetry.Sent.Enabled || Telemetry.OperationDuration.Enabled
            ? routed.Select(destination => destination.Text).Distinct(StringComparer.Ordinal).ToList()
            : [client.DefaultQueue];
        using var telemetry = client.Telemetry.Begin(destinations.Count == 1 ? destinations[0] : "(several)", task: null, chunk.Count);
        var tasks = new PreparedTask[chunk.Count];
        for (var index = 0; index < tasks.Length; index++)
        {
            tasks[index] = await client.PrepareAsync(chunk[index], chunk[index].Options.TaskId ?? TaskId.New(), claim: null, routed[index], telemetry.Span, cancellationToken).ConfigureAwait(false);
        }
        var faults = new Exception?[tasks.Length];
        await PublishAsync(tasks, faults, [.. Enumerable.Range(0, tasks.Length)], cancellationToken).ConfigureAwait(false);
        await AgainAsync(tasks, faults, cancellationToken).ConfigureAwait(false);
        for (var index = 0; index < tasks.Length; index++)
        {
            if (faults[index] is null)
            {
                client.Sent(tasks[index]);
            }
        }
        if (Array.Find(faults, fault => fault is not null) is { } first)
        {
            telemetry.Fail(first);
            throw new BulkSendException(Items([.. tasks.Select((task, index) => ItemOf(task.Context.TaskId, faults[index]))]), first);
        }
        telemetry.Succeed();
        foreach (var task in tasks)
        {
            Confirm(new SentCall(task.Context.TaskId, task.Queue, IsDuplicate: false));
        }
    }

    /// <summary>The queue was declared and is gone: nothing of it was stored, so sending again cannot double it.</summary>
    private async ValueTask AgainAsync(PreparedTask[] tasks, Exception?[] faults, CancellationToken cancellationToken)
    {
        int[] gone = [.. Enumerable.Range(0, tasks.Length).Where(index => faults[index] is UnroutableException && tasks[index].IsDeclared)];
        if (gone.Length > 0)
        {
            foreach (var index in gone)
            {
                client.Queues.Forget(tasks[index].Queue);
                faults[index] = null;
            }
            await PublishAsync(tasks, faults, gone, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask PublishAsync(PreparedTask[] tasks, Exception?[] faults, int[] which, CancellationToken cancellationToken)
    {
        var isHandedOver = false;
        try
        {
            foreach (var queue in which.Where(index => tasks[index].IsDeclared).Select(index => tasks[index].Queue).Distinct(StringComparer.Ordinal))
            {
                await client.Queues.EnsureAsync(queue, cancellationToken).ConfigureAwait(false);
            }
            isHandedOver = true;
            await client.Transport.PublishAsync(which.Select(index => tasks[index].Publication).ToArray(), cancellationToken).ConfigureAwait(false);
        }
        catch (PublishException some)
        {
            foreach (var (index, error) in some.Failures)
            {
                faults[which[index]] = error;
            }
        }
        catch (Exception all) when (isHandedOver || all is TransportException or OperationCanceledException)
        {
            // A wait that was given up says nothing of what was handed over.
            var fault = isHandedOver || all is not OperationCanceledException ? all : new TransportException("The call was cancelled before it was sent.", all);
            Array.ForEach(which, index => faults[index] = fault);
        }
    }

    /// <summary>Filters, and the claim of a unique task, are around each sending, so each is one of its own; the transport puts together what comes at once.</summary>
    private async ValueTask SendSinglyAsync(List<Signature> chunk, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Signature[] named = [.. chunk.Select(signature => signature.Options.TaskId is null ? signature.Set(options => options with { TaskId = TaskId.New() }) : signature)];
        var sending = named.Select(signature => client.SendOnceAsync(signature, cancellationToken).AsTask()).ToArray();
        await ((Task)Task.WhenAll(sending)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Array.Find(sending, one => !one.IsCompletedSuccessfully) is { } failed)
        {
            throw new BulkSendException(Items([.. await Task.WhenAll(sending.Select((one, index) => ItemOfAsync(named[index].Options.TaskId!, one))).ConfigureAwait(false)]), FaultOf(failed)!);
        }
        foreach (var one in sending)
        {
            Confirm(await one.ConfigureAwait(false));
        }
    }

    private static async Task<BulkSendItem> ItemOfAsync(string id, Task<SentCall> sent) =>
        sent.IsCompletedSuccessfully ? ItemOf((await sent.ConfigureAwait(false)).Id, null) : ItemOf(id, FaultOf(sent));

    private static Exception? FaultOf(Task task) => task.IsCanceled ? new TaskCanceledException(task) : task.Exception?.InnerException;

    private static BulkSendItem ItemOf(string id, Exception? fault) => new(
        id,
        fault switch
        {
            null => BulkSendStatus.Confirmed,
            PublishUnknownException or OperationCanceledException => BulkSendStatus.Unknown,
            _ => BulkSendStatus.Refused,
        },
        fault);

    private List<BulkSendItem> Items(IEnumerable<BulkSendItem> last) => [.. _confirmed.Select(id => ItemOf(id, null)), .. last];

    private void Confirm(SentCall sent)
    {
        _confirmed.Add(sent.Id);
        _results.Add(resultOf(sent));
    }
}
