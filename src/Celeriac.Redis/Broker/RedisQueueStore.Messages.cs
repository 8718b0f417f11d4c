using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Envelopes;
using Celeriac.Redis.Broker.Scripts;
using Celeriac.Redis.Connecting;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

// Messages come and go.
internal sealed partial class RedisQueueStore
{
    // A script holds up everybody: it is given so much at once and no more.
    private const int UnitsAtOnce = 200;

    /// <inheritdoc/>
    public override async ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(units);
        var answers = new List<UnitAnswer>(units.Count);
        foreach (var some in units.Chunk(UnitsAtOnce))
        {
            answers.AddRange(await CommitSomeAsync(some, cancellationToken).ConfigureAwait(false));
        }
        return answers;
    }

    /// <inheritdoc/>
    public override ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var unknown = request.ExpiredOnly ? -1 : request.QueueIds.ToList().FindIndex(id => NameOf(id) is null);
        return unknown < 0 ? base.TakeAsync(request, cancellationToken) : ValueTask.FromResult(new TakeAnswer([], 0, request.QueueIds[unknown]));
    }

    /// <inheritdoc/>
    public override async ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default)
    {
        if (NameOf(queueId) is not { } name)
        {
            return new QueueCounts(0);
        }
        var answer = (long[])(await RunAsync(MessageScripts.Count, [name, Options.Separator, now, queueId, .. _steps], cancellationToken).ConfigureAwait(false))!;
        return new QueueCounts(answer[0]) { Unacknowledged = answer[1], Delayed = answer[2], Consumers = answer[3] };
    }

    /// <inheritdoc/>
    public override async ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default) => NameOf(queueId) is { } name
        ? (long)await RunAsync(MessageScripts.Purge, [name, Options.Separator, .. _steps], cancellationToken).ConfigureAwait(false)
        : 0;

    private async Task<UnitAnswer[]> CommitSomeAsync(StoreUnit[] units, CancellationToken cancellationToken)
    {
        var version = units.FirstOrDefault(unit => unit.TopologyVersion is not null)?.TopologyVersion;
        var topology = version is { } known ? Topology(known) : null;
        if (version is not null && topology is null)
        {
            return [.. units.Select(_ => new UnitAnswer(UnitStatus.StaleTopology))];
        }
        var arguments = new CommitArguments(topology, _keys).Of(units);
        try
        {
            // Once it is on its way its answer counts, whoever still waits for it.
            var answer = await RunAsync(MessageScripts.Commit, arguments, CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
            Pulse();
            return [.. ((string[])answer!).Select(AnswerOf)];
        }
        catch (UnansweredException error) when (units.FirstOrDefault(unit => unit is { Claim: null, Puts.Count: > 0 })?.Puts[0].Message is { } message)
        {
            throw new PublishUnknownException(
                $"The outcome of publishing message '{message.CorrelationId ?? "(no id)"}' is unknown: {error.Message} It may have arrived; look before you send it again.", message.CorrelationId, error);
        }
    }

    private IEnumerable<RedisKey> ListsOf(string queue) => Options.PrioritySteps.Select(step => (RedisKey)_keys.List(queue, step)).Append(_keys.Delayed(queue));

    private UnitAnswer AnswerOf(string status) => status switch
    {
        "applied" => new UnitAnswer(UnitStatus.Applied),
        "lost" => new UnitAnswer(UnitStatus.Lost),
        "stale" => new UnitAnswer(UnitStatus.StaleTopology),
        _ => new UnitAnswer(UnitStatus.Failed, new TransportException($"'{Name}' did not store a message: {RedisErrors.EndWithDot(status)} Look at the server's memory, and whether a key of another type has the queue's name.")),
    };

    /// <inheritdoc/>
    protected override (string Script, RedisKey[] Watched, IEnumerable<RedisValue> Arguments) TakeOf(TakeRequest request, long take, int atMost)
    {
        var names = request.QueueIds.Select(NameOf).ToList();
        RedisValue[] arguments =
        [
            request.Holder, take, request.Now, atMost, Options.Separator,
            .. _steps, names.Count, .. names.SelectMany((name, index) => new RedisValue[] { name ?? "", request.QueueIds[index] }),
        ];
        return request.ExpiredOnly ? (MessageScripts.TakeExpired, [], arguments) : (MessageScripts.Take, [.. names.OfType<string>().SelectMany(ListsOf)], arguments);
    }

    /// <inheritdoc/>
    protected override TakeAnswer Read(TakeRequest request, long take, RedisResult answer)
    {
        var parts = (RedisResult[])answer!;
        if ((int)parts[2] > 0)
        {
            Log.Unreadable(Logger, (int)parts[2], _keys.Unreadable(NameOf(request.QueueIds[0]) ?? ""));
        }
        var messages = new List<TakenMessage>((parts.Length - 3) / 3);
        for (var index = 3; index + 2 < parts.Length; index += 3)
        {
            var envelope = Envelope.Read((byte[])parts[index + 2]!);
            messages.Add(new TakenMessage(new DeliveryClaim((long)parts[index], 1, request.Holder), request.QueueIds[(int)parts[index + 1] - 1], envelope.Message, envelope.Exchange, envelope.RoutingKey)
            {
                Redelivered = envelope.Redelivered,
                Deaths = envelope.Deaths,
                ExpiresAt = envelope.ExpiresAt,
            });
        }
        var nextDue = double.Parse((string)parts[1]!, System.Globalization.CultureInfo.InvariantCulture);
        return new TakeAnswer(messages, (long)nextDue, (int)parts[0] is > 0 and var unknown ? request.QueueIds[unknown - 1] : null);
    }
}
