using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Microsoft.Extensions.Logging;

namespace Celeriac.Postgres.PythonResults;

/// <summary>
/// Results in the table of Python's database backend. What C# writes is told by NOTIFY; Python tells nobody, so while results are awaited one query every
/// half second, as Celery's own waiting has it, asks for all of them.
/// </summary>
internal sealed class PythonResultStore : IResultStore
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_expire = TimeSpan.FromHours(1);

    private readonly TimeSpan _expires;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly TaskMetaTable _table;
    private readonly PostgresServers _servers;
    private readonly ChangeSignal _told = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Awaited> _awaited = new(StringComparer.Ordinal);
    private Task _looking = Task.CompletedTask;
    private long _expired;

    public PythonResultStore(PostgresOptions options, ResultStoreContext context)
    {
        (_expires, _time) = (context.Expires, context.Time);
        _log = context.LoggerFactory.CreateLogger("Celeriac.Postgres.PythonResults");
        _table = new TaskMetaTable(options.Schema, options.Migrates);
        var surroundings = new TransportContext { LoggerFactory = context.LoggerFactory, Time = context.Time };
        _servers = new PostgresServers(options, surroundings, (_, taskId) => Hear(taskId), _told.Pulse, _table.PrepareAsync);
        _expired = context.Time.GetTimestamp();
    }

    public TransportHealth? Health => _servers.Health;

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => _servers.ConnectAsync(cancellationToken);

    public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(null);

    public async ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default)
    {
        var rows = await _servers.AskAsync((connection, ended) => _table.ReadAsync(connection, [taskId], onlyEnded: false, ended), cancellationToken).ConfigureAwait(false);
        return rows is [var row] ? row.Record ?? throw row.Error! : null;
    }

    public async ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default)
    {
        var awaited = Await(taskId);
        try
        {
            _told.Pulse();
            return await awaited.Source.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(taskId, awaited);
        }
    }

    public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;

    public async ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default)
    {
        var done = (record.DateDone ?? _time.GetUtcNow()).UtcDateTime;
        var unzoned = DateTime.SpecifyKind(done, DateTimeKind.Unspecified);
        await _servers.AskAsync((connection, ended) => _table.WriteAsync(connection, record, unzoned, ended), cancellationToken).ConfigureAwait(false);
        await ExpireAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) =>
        await _servers.AskAsync((connection, ended) => _table.ForgetAsync(connection, taskId, ended), cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        Task looking;
        lock (_lock)
        {
            _closing.Cancel();
            looking = _looking;
        }
        await looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            foreach (var awaited in _awaited.Values)
            {
                awaited.Fail(new ObjectDisposedException(nameof(IResultStore), "The client was closed while a result was awaited."));
            }
        }
        await _servers.DisposeAsync().ConfigureAwait(false);
    }

    private void Hear(string taskId)
    {
        lock (_lock)
        {
            if (!_awaited.ContainsKey(taskId))
            {
                return;
            }
        }
        _told.Pulse();
    }

    private Awaited Await(string taskId)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(IResultStore));
            if (!_awaited.TryGetValue(taskId, out var awaited))
            {
                _awaited[taskId] = awaited = new Awaited();
            }
            awaited.Count++;
            if (_awaited.Count == 1 && _looking.IsCompleted)
            {
                _looking = Task.Run(LookAsync);
            }
            return awaited;
        }
    }

    private void Leave(string taskId, Awaited awaited)
    {
        lock (_lock)
        {
            if (--awaited.Count == 0)
            {
                _awaited.Remove(taskId);
            }
        }
    }

    /// <summary>Looks for what is awaited until nothing is.</summary>
    private async Task LookAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            var seen = _told.Version;
            string[] ids;
            lock (_lock)
            {
                ids = [.. _awaited.Where(pair => !pair.Value.Source.Task.IsCompleted).Select(pair => pair.Key)];
            }
            if (ids.Length > 0)
            {
                await LookForAsync(ids).ConfigureAwait(false);
            }
            await _told.WaitAsync(seen, ids.Length > 0 ? s_look : Timeout.InfiniteTimeSpan, _time, _closing.Token).ConfigureAwait(false);
        }
    }

    private async Task LookForAsync(string[] ids)
    {
        try
        {
            foreach (var row in await _servers.AskAsync((connection, ended) => _table.ReadAsync(connection, ids, onlyEnded: true, ended), _closing.Token).ConfigureAwait(false))
            {
                lock (_lock)
                {
                    _awaited.GetValueOrDefault(row.TaskId)?.Answer(row);
                }
            }
        }
        catch (Exception error) when (!_closing.IsCancellationRequested)
        {
            Log.AwaitedUnread(_log, _servers.Name, PostgresErrors.Reason(error));
        }
    }

    /// <summary>Once an hour, on the way of a write: what is left waits for the next hour, or for Python's own cleaning.</summary>
    private async ValueTask ExpireAsync(CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _expired);
        if (_expires <= TimeSpan.Zero || _time.GetElapsedTime(last) < s_expire || Interlocked.CompareExchange(ref _expired, _time.GetTimestamp(), last) != last)
        {
            return;
        }
        var before = DateTime.SpecifyKind((_time.GetUtcNow() - _expires).UtcDateTime, DateTimeKind.Unspecified);
        while (await _servers.AskAsync((connection, ended) => _table.ExpireAsync(connection, before, ended), cancellationToken).ConfigureAwait(false) == 1000)
        {
        }
    }

    private sealed class Awaited
    {
        public TaskCompletionSource<ResultRecord> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }

        public void Answer(MetaRow row)
        {
            if (row.Record is { } record)
            {
                Source.TrySetResult(record);
                return;
            }
            Fail(row.Error!);
        }

        public void Fail(Exception error)
        {
            Source.TrySetException(error);
            // Nobody may be waiting any more.
            _ = Source.Task.Exception;
        }
    }
}
