using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker;
using Celeriac.Redis.Broker.Envelopes;
using Celeriac.Redis.Connecting;
using Celeriac.Redis.Native.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Native;

/// <summary>
/// Queues in Redis in a form of our own, for fleets without Python: a message is written once and found by its place in the queue. All keys begin with <c>celeriac-queues:</c>.
/// </summary>
internal sealed partial class NativeQueueStore : RedisStore
{
    private const int PurgedAtOnce = 1000;

    private readonly string _own;
    private readonly GatheredCommits _commits;
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private long _lastBatch;

    /// <summary>Makes the store, not yet open.</summary>
    public NativeQueueStore(BrokerUrl url, RedisBrokerOptions options, TransportContext context)
        : base(url, options, context, NativeScripts.Prelude, $"{options.Prefix}celeriac-queues:")
    {
        _own = $"{options.Prefix}celeriac-queues:";
        _commits = new GatheredCommits(CommitAsync);
    }

    /// <inheritdoc/>
    public override TransportCapabilities Capabilities { get; } = new()
    {
        Durable = true,
        SharedBetweenProcesses = true,
        Exchanges = true,
        Fanout = true,
        Topic = true,
        Delay = true,
        SeesDelayed = true,
        MaxPriority = 255,
        MessageExpiry = true,
        QueueExpiry = true,
        DeadLetter = true,
        AtomicCompletion = true,
        FencedLeases = true,
        // A value of Redis has at most 512 MiB.
        MaxBodyBytes = 256L << 20,
        Counts = true,
        CountsUnacknowledged = true,
        CountsConsumers = true,
    };

    /// <inheritdoc/>
    public override async ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(units);
        if (units.Count <= GatheredCommits.MostUnits)
        {
            return units.Count == 0 ? [] : await CommitAsync(new CommitJob(units), cancellationToken).ConfigureAwait(false);
        }
        var answers = new List<UnitAnswer>(units.Count);
        foreach (var some in units.Chunk(GatheredCommits.MostUnits))
        {
            answers.AddRange(await CommitAsync(new CommitJob(some), cancellationToken).ConfigureAwait(false));
        }
        return answers;
    }

    /// <inheritdoc/>
    public override async ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default)
    {
        var answer = (long[])(await RunAsync(NativeMessageScripts.Count, [queueId, now], cancellationToken).ConfigureAwait(false))!;
        return new QueueCounts(answer[0]) { Unacknowledged = answer[1], Delayed = answer[2], Consumers = answer[3] };
    }

    /// <inheritdoc/>
    public override async ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default)
    {
        // In pieces, so that a large queue does not hold up everybody; as many as there are now, so that it ends while others publish.
        long purged = 0, gone, left = long.MaxValue;
        do
        {
            var answer = (long[])(await RunAsync(NativeMessageScripts.Purge, [queueId, Math.Min(PurgedAtOnce, left)], cancellationToken).ConfigureAwait(false))!;
            gone = answer[0];
            purged += gone;
            left = left == long.MaxValue ? answer[1] : left - gone;
        }
        while (gone > 0 && left > 0);
        return purged;
    }

    /// <inheritdoc/>
    protected override (string Script, RedisKey[] Watched, IEnumerable<RedisValue> Arguments) TakeOf(TakeRequest request, long take, int atMost) => request.ExpiredOnly
        ? (NativeMessageScripts.TakeExpired, [], [request.Holder, take, request.Now, atMost])
        : (NativeMessageScripts.Take, [.. request.QueueIds.SelectMany(SetsOf)], [request.Holder, take, request.Now, atMost, request.QueueIds.Count, .. request.QueueIds.Select(id => (RedisValue)id)]);

    /// <inheritdoc/>
    protected override TakeAnswer Read(TakeRequest request, long take, RedisResult answer)
    {
        var messages = new List<TakenMessage>();
        for (var part = 2; part < answer.Length; part++)
        {
            ReadQueue(messages, request.Holder, take, answer[part]);
        }
        var nextDue = double.Parse((string)answer[1]!, CultureInfo.InvariantCulture);
        return new TakeAnswer(messages, (long)nextDue, (int)answer[0] is > 0 and var unknown ? request.QueueIds[unknown - 1] : null);
    }

    private static void ReadQueue(List<TakenMessage> messages, long holder, long take, RedisResult part)
    {
        var (queue, tags, raws, deaths) = ((long)part[0], part[1], part[2], part[3]);
        for (var index = 0; index < tags.Length; index++)
        {
            // A server that throws keys away may have thrown the messages away and kept their places.
            if ((byte[]?)raws[index] is not { } raw)
            {
                continue;
            }
            var (message, exchange, routingKey, expiresAt) = NativeMessage.Read(raw);
            var died = index < deaths.Length ? (int?)deaths[index] : null;
            messages.Add(new TakenMessage(new DeliveryClaim((long)tags[index], take, holder), queue, message, exchange, routingKey)
            {
                Redelivered = died is not null,
                Deaths = died ?? 0,
                ExpiresAt = expiresAt,
            });
        }
    }

    private IEnumerable<RedisKey> SetsOf(long queue) => [$"{_own}{queue}:ready", $"{_own}{queue}:delayed"];

    private async Task<IReadOnlyList<UnitAnswer>> CommitAsync(CommitJob job, CancellationToken cancellationToken)
    {
        _commits.Add(job);
        try
        {
            return await job.Completion.WaitAsync(Options.Connection.Reconnect.PublishTimeout, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            job.TryWithdraw();
            throw;
        }
        catch (TimeoutException error)
        {
            if (job.TryWithdraw())
            {
                throw new TransportException(
                    $"'{Name}' is not connected, or too busy. Nothing was sent within {Options.Connection.Reconnect.PublishTimeout.TotalSeconds:0.###} s. Call again, or raise publish_timeout in the URL.", error);
            }
            if (!job.EndsClaims && !job.Completion.IsCompleted)
            {
                throw UnknownOutcome(job, new TransportException($"'{Name}' did not confirm within {Options.Connection.Reconnect.PublishTimeout.TotalSeconds:0.###} s.", error));
            }
            // It ends with the call that carries it.
            return await job.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CommitAsync(IReadOnlyList<CommitJob> jobs)
    {
        try
        {
            var batch = new CommitBatch(jobs);
            // Its number does not change with the tries: what was carried out already is only answered again.
            batch.Tell((string)(await RunAsync(NativeMessageScripts.Commit, [_writer, ++_lastBatch, .. batch.Arguments()], CancellationToken.None).ConfigureAwait(false))!);
            if (batch.IsNews)
            {
                Pulse();
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            foreach (var job in jobs)
            {
                job.Fail(error is UnansweredException && !job.EndsClaims ? UnknownOutcome(job, error) : error);
            }
        }
    }

    private static PublishUnknownException UnknownOutcome(CommitJob job, Exception error)
    {
        var id = job.Units.SelectMany(unit => unit.Puts).FirstOrDefault()?.Message.CorrelationId;
        return new PublishUnknownException($"The outcome of publishing message '{id ?? "(no id)"}' is unknown: {error.Message} It may have arrived; look before you send it again.", id, error);
    }
}
