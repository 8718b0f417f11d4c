using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Celeriac.Messaging.Stores;
using Celeriac.Protocol;
using Celeriac.Redis.Connecting;
using Celeriac.Redis.State;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Results;

/// <summary>
/// Results in Redis in Celery's own form (CELERY-PROTOCOL 13.2): a key a task, published on a channel of the same name. Waiters subscribe, then look:
/// nothing written in between is missed. After a reconnect, and now and then, they look again.
/// </summary>
internal sealed class RedisResultStore : IResultStore, IChordCounting
{
    private const int ReadsAtOnce = 500;
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lookSoon = TimeSpan.FromSeconds(1);

    private readonly RedisConnection _connection;
    private readonly string _prefix;
    private readonly string _expires;
    private readonly ResultContents _contents;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly AwaitedResults _awaited;
    private readonly ChangeSignal _restored = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private Task? _watching;

    public RedisResultStore(BrokerUrl url, RedisOptions options, ResultStoreContext context)
    {
        _time = context.Time;
        _contents = context.Contents;
        _log = context.LoggerFactory.CreateLogger("Celeriac.Redis");
        _prefix = $"{options.KeyPrefix}celery-task-meta-";
        // Redis counts whole seconds; what is kept for a part of one is kept for one.
        _expires = context.Expires > TimeSpan.Zero ? $"{(long)Math.Ceiling(context.Expires.TotalSeconds)}" : "0";
        _connection = new RedisConnection(url, options, context.Time, _log);
        _connection.SubscriptionsRestored += _restored.Pulse;
        State = new RedisStateStore(_connection, options.KeyPrefix, context.Time);
        Chords = new RedisChordCounter(_connection, options.KeyPrefix, context.Expires);
        Groups = new RedisGroupStore(_connection, options.KeyPrefix, context.Expires, context.Contents);
        _awaited = new AwaitedResults(SubscribeAsync, UnsubscribeAsync);
    }

    public IStateStore State { get; }

    public IChordCounter Chords { get; }

    public IGroupStore Groups { get; }

    public TransportHealth? Health => _connection.Health;

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => _connection.ConnectAsync(cancellationToken);

    public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(null);

    public async ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default)
    {
        var value = await _connection.CallAsync(redis => redis.GetDatabase().StringGetAsync(KeyOf(taskId)), cancellationToken).ConfigureAwait(false);
        return Decode(taskId, value);
    }

    public async ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default)
    {
        using var wait = _awaited.Add(taskId);
        EnsureWatching();
        try
        {
            // The result may be there already, and may come between the two steps: first the subscription, then the look.
            await wait.Subscribed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            throw Closed();
        }
        var record = await ReadAsync(taskId, cancellationToken).ConfigureAwait(false);
        return record is not null && TaskStates.IsReady(record.Status) ? record : await wait.Record.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;

    public async ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default)
    {
        RedisKey[] keys = [KeyOf(record.TaskId)];
        RedisValue[] arguments = [ResultCodec.Encode(record), _expires];
        await _connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(ResultScript.Text, keys, arguments), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(redis => redis.GetDatabase().KeyDeleteAsync(KeyOf(taskId)), cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        Task? watching;
        lock (_lock)
        {
            watching = _watching;
            _watching = Task.CompletedTask;
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        if (watching is not null)
        {
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        _awaited.FailAll(Closed());
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static ObjectDisposedException Closed() => new(nameof(IResultStore), "The client was closed while a result was awaited.");

    private string KeyOf(string taskId) => $"{_prefix}{taskId}";

    private RedisChannel ChannelOf(string taskId) => RedisChannel.Literal(KeyOf(taskId));

    private async Task SubscribeAsync(string taskId) => await _connection.CallAsync(
        async redis =>
        {
            await redis.GetSubscriber().SubscribeAsync(ChannelOf(taskId), Heard).ConfigureAwait(false);
            return true;
        }, _closing.Token).ConfigureAwait(false);

    private async Task UnsubscribeAsync(string taskId) => await _connection.CallAsync(
        async redis =>
        {
            // Whatever listens there: a subscription that was tried again may listen twice.
            await redis.GetSubscriber().UnsubscribeAsync(ChannelOf(taskId), handler: null, CommandFlags.FireAndForget).ConfigureAwait(false);
            return true;
        }, _closing.Token).ConfigureAwait(false);

    /// <summary>The published record is the record itself: no second look is needed.</summary>
    private void Heard(RedisChannel channel, RedisValue value)
    {
        var taskId = channel.ToString()[_prefix.Length..];
        try
        {
            if (Decode(taskId, value) is { } record && record.TaskId == taskId)
            {
                _awaited.Complete(record);
                return;
            }
            Log.ResultUnreadable(_log, taskId);
        }
        catch (ContentException)
        {
            // Anybody can publish: what is stored decides whether the wait ends in this error.
            Log.ResultUnreadable(_log, taskId);
            _ = LookAgainAsync(taskId);
        }
    }

    private async Task LookAgainAsync(string taskId)
    {
        try
        {
            await LookForAsync(taskId).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is lost, and its restoration looks for everything that is awaited.
        }
    }

    /// <exception cref="ContentException">It is no record in a format that is read.</exception>
    private ResultRecord? Decode(string taskId, RedisValue value) => (byte[]?)value is { } stored ? _contents.Read(taskId, stored) : null;

    private async Task LookForAsync(string taskId)
    {
        try
        {
            if (await ReadAsync(taskId, _closing.Token).ConfigureAwait(false) is { } record)
            {
                _awaited.Complete(record);
            }
        }
        catch (ContentException error)
        {
            _awaited.Fail(taskId, error);
        }
    }

    private void EnsureWatching()
    {
        lock (_lock)
        {
            _watching ??= Task.Run(WatchAsync);
        }
    }

    /// <summary>What was published while the subscriptions were away is found in the keys; the look now and then is for what nobody foresaw.</summary>
    private async Task WatchAsync()
    {
        var pause = s_lookAgain;
        var seen = _restored.Version;
        while (!_closing.IsCancellationRequested)
        {
            await _restored.WaitAsync(seen, pause, _time, _closing.Token).ConfigureAwait(false);
            seen = _restored.Version;
            pause = await LookAsync().ConfigureAwait(false) ? s_lookAgain : s_lookSoon;
        }
    }

    private async Task<bool> LookAsync()
    {
        try
        {
            if (_awaited.Ids is not { Count: > 0 } awaited)
            {
                return true;
            }
            // Its answer comes behind those of the subscriptions: what is written from now on is heard.
            await _connection.CallAsync(redis => redis.GetSubscriber().PingAsync(), _closing.Token).ConfigureAwait(false);
            foreach (var some in awaited.Chunk(ReadsAtOnce))
            {
                await Task.WhenAll(some.Select(LookForAsync)).ConfigureAwait(false);
            }
            return true;
        }
        catch (TransportException error)
        {
            Log.AwaitedUnread(_log, error.Message);
            return false;
        }
        catch (Exception error) when (!_closing.IsCancellationRequested)
        {
            Log.AwaitedFaulted(_log, error);
            return false;
        }
    }
}
