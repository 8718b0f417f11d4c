using System.Collections.Concurrent;
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
    private const int MessagesAtOnce = 200;

    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    // Takes of a holder whose answer was lost: what they claimed is given back by its next one.
    private readonly ConcurrentDictionary<long, ConcurrentDictionary<long, bool>> _unanswered = new();
    private long _lastTake = Random.Shared.NextInt64(1L << 40);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
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
    public async ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        var names = request.QueueIds.Select(NameOf).ToList();
        if (names.IndexOf(null) is var unknown and >= 0 && !request.ExpiredOnly)
        {
            return new TakeAnswer([], 0, request.QueueIds[unknown]);
        }
        var lost = _unanswered.GetOrAdd(request.Holder, _ => new());
        for (var failures = 1; ; failures++)
        {
            var (take, seen) = (Interlocked.Increment(ref _lastTake), _connection.Restorations);
            try
            {
                return Read(request, await TakeOnceAsync(request, names, take, lost, cancellationToken).ConfigureAwait(false));
            }
            catch (TransportException error) when (error is not TransportRefusedException)
            {
                // It may have claimed. A consumer has nothing better to do than to wait for the server.
                lost[take] = true;
                await _connection.PauseAsync(failures, seen, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default)
    {
        if (NameOf(queueId) is not { } name)
        {
            return new QueueCounts(0);
        }
        var answer = (long[])(await RunAsync(MessageScripts.Count, [name, _options.Separator, now, queueId, .. _steps], cancellationToken).ConfigureAwait(false))!;
        return new QueueCounts(answer[0]) { Unacknowledged = answer[1], Delayed = answer[2], Consumers = answer[3] };
    }

    /// <inheritdoc/>
    public async ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default) => NameOf(queueId) is { } name
        ? (long)await RunAsync(MessageScripts.Purge, [name, _options.Separator, .. _steps], cancellationToken).ConfigureAwait(false)
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
            _changes.Pulse();
            return [.. ((string[])answer!).Select(AnswerOf)];
        }
        catch (UnansweredException error) when (units.FirstOrDefault(unit => unit is { Claim: null, Puts.Count: > 0 })?.Puts[0].Message is { } message)
        {
            throw new PublishUnknownException(
                $"The outcome of publishing message '{message.CorrelationId ?? "(no id)"}' is unknown: {error.Message} It may have arrived; look before you send it again.", message.CorrelationId, error);
        }
    }

    private IEnumerable<RedisKey> ListsOf(string queue) => _options.PrioritySteps.Select(step => (RedisKey)_keys.List(queue, step)).Append(_keys.Delayed(queue));

    private UnitAnswer AnswerOf(string status) => status switch
    {
        "applied" => new UnitAnswer(UnitStatus.Applied),
        "lost" => new UnitAnswer(UnitStatus.Lost),
        "stale" => new UnitAnswer(UnitStatus.StaleTopology),
        _ => new UnitAnswer(UnitStatus.Failed, new TransportException($"'{_name}' did not store a message: {RedisErrors.EndWithDot(status)} Look at the server's memory, and whether a key of another type has the queue's name.")),
    };

    private async Task<RedisResult> TakeOnceAsync(
        TakeRequest request, List<string?> names, long take, ConcurrentDictionary<long, bool> lost, CancellationToken cancellationToken)
    {
        long[] recovered = request.ExpiredOnly ? [] : [.. lost.Keys];
        RedisValue[] arguments =
        [
            .. _names, request.Holder, take, request.Now, Math.Min(request.AtMost, MessagesAtOnce), _options.Separator,
            .. _steps, names.Count, .. names.SelectMany((name, index) => new RedisValue[] { name ?? "", request.QueueIds[index] }),
            recovered.Length, .. recovered.Select(number => (RedisValue)number),
        ];
        var script = request.ExpiredOnly ? MessageScripts.TakeExpired : MessageScripts.Take;
        RedisKey[] watched = request.ExpiredOnly ? [] : [.. names.OfType<string>().SelectMany(ListsOf)];
        var answer = await AnswerAsync(_connection.CallOnceAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(script, watched, arguments)), take, lost, cancellationToken).ConfigureAwait(false);
        foreach (var number in recovered)
        {
            lost.TryRemove(number, out _);
        }
        return answer;
    }

    /// <summary>A token that comes between claim and answer waits a moment for the answer: else the next take of this holder gives the claims back.</summary>
    private async Task<RedisResult> AnswerAsync(Task<RedisResult> taking, long take, ConcurrentDictionary<long, bool> lost, CancellationToken cancellationToken)
    {
        try
        {
            return await taking.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!taking.IsCompleted)
        {
            try
            {
                return await taking.WaitAsync(s_grace, _time, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception error) when (error is TimeoutException or TransportException)
            {
                lost[take] = true;
                throw new OperationCanceledException(cancellationToken);
            }
        }
    }

    private TakeAnswer Read(TakeRequest request, RedisResult answer)
    {
        var parts = (RedisResult[])answer!;
        if ((int)parts[2] > 0)
        {
            Log.Unreadable(_log, (int)parts[2], _keys.Unreadable(NameOf(request.QueueIds[0]) ?? ""));
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
