using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Stomp.Brokers;

namespace Celeriac.Stomp.Registry;

/// <summary>
/// The register of one ActiveMQ as this connection knows it. Readers browse its message; a writer takes it as the queue's exclusive consumer,
/// which makes writers of all processes wait for each other, and sends the next version and acknowledges the old one in one transaction:
/// a writer that dies changes nothing.
/// </summary>
#pragma warning disable CA1001 // The semaphores have no wait handle to release, and calls that a lost connection ends still leave them.
internal sealed class ActiveMqTopology(StompClient client, Func<string> nextId)
#pragma warning restore CA1001
{
    /// <summary>The queue that holds the register.</summary>
    public const string Queue = "/queue/celeriac.topology";

    /// <summary>Where changes are announced.</summary>
    public const string Announcements = "/topic/celeriac.topology";

    // Dashes are no part of a selector's names.
    private const string VersionHeader = "celeriac_version";

    // The broker needs up to three heartbeats to notice that the process which holds the register is frozen or its network is gone.
    private static readonly TimeSpan LongestWaitForOthers = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly Lock _becoming = new();
    private Newest _newest = new(TopologyRegister.Empty, TopologyRegister.Empty.ToTable());
    private long _readsBegun;
    private long _readsDone;

    /// <summary>What was read last.</summary>
    public RoutingTable Table => Volatile.Read(ref _newest).Table;

    private TopologyRegister Register => Volatile.Read(ref _newest).Register;

    /// <summary>Whether what is announced was read already.</summary>
    public bool Knows(StompFrame announcement) =>
        long.TryParse(announcement.Headers.Find(VersionHeader), NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version <= Register.Version;

    /// <summary>Answers what is declared now: at least as new as this call. Callers that come together share one look.</summary>
    public async Task<RoutingTable> RefreshAsync(CancellationToken cancellationToken)
    {
        var begunBefore = Interlocked.Read(ref _readsBegun);
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A look that began after this call, by whoever stood in line before, is new enough.
            if (_readsDone <= begunBefore)
            {
                var look = Interlocked.Increment(ref _readsBegun);
                await ReadAsync(cancellationToken).ConfigureAwait(false);
                _readsDone = look;
            }
            return Table;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Changes the register. <paramref name="plan"/> may be called several times and answers null where nothing is to do.</summary>
    /// <returns>Whether something was changed.</returns>
    public async Task<bool> ChangeAsync(Func<RoutingTable, TopologyChange?> plan, CancellationToken cancellationToken)
    {
        if (plan(await RefreshAsync(cancellationToken).ConfigureAwait(false)) is null)
        {
            return false;
        }
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ChangeExclusivelyAsync(plan, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<bool> ChangeExclusivelyAsync(Func<RoutingTable, TopologyChange?> plan, CancellationToken cancellationToken)
    {
        await EnsureMessageAsync(cancellationToken).ConfigureAwait(false);
        var taken = new TaskCompletionSource<StompFrame>(TaskCreationOptions.RunContinuationsAsynchronously);
        return await client.WhileSubscribedAsync(
            new StompSubscriptionOptions
            {
                Id = nextId(),
                Destination = Queue,
                AckMode = StompAckMode.ClientIndividual,
                Headers = [new("activemq.prefetchSize", "1"), new("activemq.exclusive", "true")],
            },
            frame => taken.TrySetResult(frame),
            async () =>
            {
                var frame = await TakenAsync(taken.Task, cancellationToken).ConfigureAwait(false);
                // The message in hand may be a left-over of two processes that both found no register: the highest version counts.
                if (plan(await RefreshAsync(cancellationToken).ConfigureAwait(false)) is not { } change)
                {
                    return false;
                }
                await ReplaceAsync(frame, Register.Apply(change), cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task<StompFrame> TakenAsync(Task<StompFrame> taken, CancellationToken cancellationToken)
    {
        try
        {
            return await taken.WaitAsync(LongestWaitForOthers, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException error)
        {
            throw new TransportException(
                $"The register of queues and exchanges was not free within {LongestWaitForOthers.TotalSeconds} s: another process holds the message of queue 'celeriac.topology'. Try again; if it stays so, look for a consumer of that queue.", error);
        }
    }

    private async Task ReplaceAsync(StompFrame old, TopologyRegister next, CancellationToken cancellationToken)
    {
        var transaction = nextId();
        await client.RequestAsync(
        [
            StompFrames.Begin(transaction),
            MessageOf(next, transaction),
            StompFrames.Ack(Receiving.StompConsumer.AckId(old), transaction),
            StompFrames.Commit(transaction),
        ], cancellationToken).ConfigureAwait(false);
        Become(next);
        await client.WriteAsync(StompFrames.Send(Announcements, ReadOnlyMemory<byte>.Empty, [new(VersionHeader, Text(next.Version))]), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A broker that was never used has no register; two processes that both make one make two empty ones, which does no harm.</summary>
    private async Task EnsureMessageAsync(CancellationToken cancellationToken)
    {
        if ((await client.BrowseAsync(nextId(), Queue, null, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            await client.RequestAsync(MessageOf(TopologyRegister.Empty, null), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        // Only a version that is not known yet travels.
        var selector = $"{VersionHeader} <> '{Text(Register.Version)}'";
        foreach (var frame in await client.BrowseAsync(nextId(), Queue, selector, cancellationToken).ConfigureAwait(false))
        {
            if (TopologyRegister.TryDecode(frame.Body.Span) is { } read)
            {
                Become(read);
            }
        }
    }

    /// <summary>A look may end after a change of our own that came later: the register never goes back.</summary>
    private void Become(TopologyRegister register)
    {
        lock (_becoming)
        {
            if (register.Version > Register.Version)
            {
                Volatile.Write(ref _newest, new Newest(register, register.ToTable()));
            }
        }
    }

    private static StompFrame MessageOf(TopologyRegister register, string? transaction) => StompFrames.Send(
        Queue, register.Encode(),
        [new("persistent", "true"), new("content-type", "application/json"), new(VersionHeader, Text(register.Version))], transaction);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Newest(TopologyRegister Register, RoutingTable Table);
}
