using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Microsoft.Extensions.Logging;

namespace Celeriac.Results;

/// <summary>
/// Results as documents of a store. Where tasks travel through the same store, a result commits together with its acknowledgement.
/// Waiters follow the store's log of writes: a thousand of them cost what is written, not what is waited for.
/// </summary>
internal sealed class DocumentResultStore : IResultStore
{
    private const int KeysAtOnce = 1000;
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(1);

    private readonly ITransport _transport;
    private readonly bool _ownsTransport;
    private readonly TimeSpan _expires;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ResultWaiters _waiters = new();
    private readonly Func<string, bool> _isAwaited;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _starting = new(1, 1);
    private Task _following = Task.CompletedTask;

    public DocumentResultStore(ITransport transport, bool ownsTransport, TimeSpan expires, TimeProvider time, ILoggerFactory logs)
    {
        if (transport.Documents is null)
        {
            throw new ArgumentException($"'{transport.Name}' cannot store results. Set result_backend to a store, for example sqlite://results.db, or to rpc://.", nameof(transport));
        }
        _transport = transport;
        _ownsTransport = ownsTransport;
        _expires = expires;
        _time = time;
        _log = logs.CreateLogger("Celeriac.Results");
        _isAwaited = _waiters.Seen;
        Groups = new DocumentGroupStore(transport, expires, time);
    }

    private IDocumentStore Documents => _transport.Documents!;

    /// <summary>The broker's own store stands as the broker does.</summary>
    public TransportHealth? Health => _ownsTransport ? _transport.Health : null;

    public IStateStore? State => _transport.State;

    public IGroupStore Groups { get; }

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => _ownsTransport ? _transport.ConnectAsync(cancellationToken) : ValueTask.CompletedTask;

    public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(null);

    public async ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default)
    {
        await _transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var found = await Documents.ReadAsync([taskId], cancellationToken).ConfigureAwait(false);
        return found.Count > 0 && ResultCodec.TryDecode(found[0].Content, out var record) ? record : null;
    }

    /// <summary>A task is about to be sent under an id that nobody has used before.</summary>
    public void Expect(string taskId) => _waiters.Expect(taskId);

    public async ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default)
    {
        var wait = _waiters.Add(taskId, out var isSure);
        try
        {
            if (!isSure)
            {
                // The follower's place in the log is fixed before the first look, so that nothing written in between is missed.
                await EnsureFollowingAsync(cancellationToken).ConfigureAwait(false);
                if (await ReadAsync(taskId, cancellationToken).ConfigureAwait(false) is { } record && TaskStates.IsReady(record.Status))
                {
                    return record;
                }
            }
            return await wait.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waiters.Remove(wait);
        }
    }

    public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) =>
        ReferenceEquals(transport, _transport) ? new ResultAttachment(DocumentOf(record), null) : null;

    public async ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default)
    {
        await _transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await Documents.WriteAsync([DocumentOf(record)], cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default)
    {
        await _transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await Documents.DeleteAsync([taskId], cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _waiters.FailAll(new ObjectDisposedException(nameof(IResultStore), "The client was closed while a result was awaited."));
        if (_ownsTransport)
        {
            await _transport.DisposeAsync().ConfigureAwait(false);
        }
        _closing.Dispose();
        _starting.Dispose();
    }

    private Document DocumentOf(ResultRecord record) => new(record.TaskId, ResultCodec.Encode(record))
    {
        // Celery: no later state replaces SUCCESS.
        IsFinal = record.Status == TaskStates.Success,
        ExpiresAt = _expires > TimeSpan.Zero ? _time.GetUtcNow() + _expires : null,
    };

    private async ValueTask EnsureFollowingAsync(CancellationToken cancellationToken)
    {
        if (_waiters.IsFollowed)
        {
            return;
        }
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_waiters.IsFollowed)
            {
                ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
                await _transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
                var place = await Documents.LatestSequenceAsync(cancellationToken).ConfigureAwait(false);
                _waiters.Follow();
                // Not in the context of whoever asked first.
                _following = Task.Run(() => FollowAsync(place), CancellationToken.None);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Ends when nobody has waited for a while: who calls one task after the other finds it there.</summary>
    private async Task FollowAsync(long place)
    {
        while (!_waiters.TryLeave(s_longestWait))
        {
            try
            {
                place = await FollowOnceAsync(place).ConfigureAwait(false);
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.ResultsUnreadable(_log, error);
                await Task.Delay(TimeSpan.FromMilliseconds(250), _time).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<long> FollowOnceAsync(long place)
    {
        var seen = Documents.Changes;
        var news = await Documents.FollowAsync(place, KeysAtOnce, [], _isAwaited, _closing.Token).ConfigureAwait(false);
        foreach (var document in news.Documents)
        {
            if (ResultCodec.TryDecode(document.Content, out var record) && TaskStates.IsReady(record.Status))
            {
                _waiters.Complete(record);
            }
        }
        if (news.Place == place)
        {
            await Documents.WaitForChangeAsync(seen, s_longestWait, _closing.Token).ConfigureAwait(false);
        }
        return news.Place;
    }
}
