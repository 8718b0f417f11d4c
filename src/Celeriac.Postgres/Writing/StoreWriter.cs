using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Microsoft.Extensions.Logging;

namespace Celeriac.Postgres.Writing;

/// <summary>
/// A connection that writes. Callers hand in work and wait; all that has gathered meanwhile goes to the server as one transaction, so that
/// many callers share one round trip and one commit.
/// </summary>
internal sealed class StoreWriter : IAsyncDisposable
{
    // Callers beyond it wait for room, so that a server that is away does not pile up work without end.
    private const int Capacity = 16 * 1024;
    private const int MostJobs = 1024;
    private const long MostBytes = 16 * 1024 * 1024;

    private readonly Channel<WriteJob> _jobs = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly WriterSession _session;
    private readonly BatchRunner _runner;
    private readonly PostgresServers _servers;
    private readonly PostgresOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _starting = new();
    private Task? _loop;

    /// <param name="servers">The servers.</param>
    /// <param name="options">The URL.</param>
    /// <param name="context">Clock and log.</param>
    /// <param name="claims">What the holders of this process have been given.</param>
    /// <param name="tellWaiters">Called with a commit that somebody may be waiting for.</param>
    public StoreWriter(PostgresServers servers, PostgresOptions options, TransportContext context, ClaimLedger claims, Action<IReadOnlyList<StoreUnit>> tellWaiters)
    {
        (_servers, _options, _time) = (servers, options, context.Time);
        _logger = context.LoggerFactory.CreateLogger("Celeriac.Broker.Postgres");
        _session = new WriterSession(servers, options.Schema, context.Time);
        _runner = new BatchRunner(_session, servers, options, context.Time, claims, tellWaiters, Answers, _logger, _closing.Token);
    }

    /// <summary>Where those go on whose work is done.</summary>
    public AnswerLine Answers { get; } = new();

    /// <summary>The server's process of its connection; 0 for none.</summary>
    public int ProcessId => _session.ProcessId;

    /// <summary>Commits units; ends within <c>publish_timeout</c>.</summary>
    /// <exception cref="PublishUnknownException">They were sent, and not answered in time.</exception>
    /// <exception cref="TransportException">They were not sent in time: nothing was written.</exception>
    public async ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(CommitJob job, CancellationToken cancellationToken)
    {
        await EnqueueAsync(job, cancellationToken).ConfigureAwait(false);
        try
        {
            return await job.Completion.WaitAsync(_options.Reconnect.PublishTimeout, _time, cancellationToken).ConfigureAwait(false);
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
                throw NotSent();
            }
            // It was sent. Of a claim the truth is worth waiting for: it comes with the connection, or with the end of the store.
            return job.EndsClaims || job.Completion.IsCompleted ? await job.Completion.ConfigureAwait(false) : throw Unknown(job, error);
        }
    }

    /// <summary>Claims messages. The token only counts before the take is sent: its effect must not get lost.</summary>
    public async ValueTask<TakeAnswer> TakeAsync(TakeJob job, CancellationToken cancellationToken)
    {
        await EnqueueAsync(job, cancellationToken).ConfigureAwait(false);
        await using (cancellationToken.UnsafeRegister(static (state, token) => Cancel((TakeJob)state!, token), job).ConfigureAwait(false))
        {
            return await job.Completion.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _jobs.Writer.TryComplete();
        Task? loop;
        lock (_starting)
        {
            loop = _loop ??= Task.CompletedTask;
        }
        // What was handed in is still written where the server is there.
        if (_servers.Health.State != ConnectionState.Connected)
        {
            await _closing.CancelAsync().ConfigureAwait(false);
        }
        else
        {
            _closing.CancelAfter(_options.Reconnect.PublishTimeout);
        }
        await loop.ConfigureAwait(false);
        await _session.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    private static void Cancel(TakeJob job, CancellationToken cancellationToken)
    {
        if (job.TryWithdraw())
        {
            job.Fail(new OperationCanceledException(cancellationToken));
        }
    }

    private async ValueTask EnqueueAsync(WriteJob job, CancellationToken cancellationToken)
    {
        Start();
        try
        {
            if (!_jobs.Writer.TryWrite(job))
            {
                await _jobs.Writer.WriteAsync(job, cancellationToken).AsTask().WaitAsync(_options.Reconnect.PublishTimeout, _time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            job.TryWithdraw();
            throw NotSent();
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(_servers.Name, "The store was closed.");
        }
    }

    private void Start()
    {
        lock (_starting)
        {
            _loop ??= Task.Run(WorkAsync);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The writer serves all callers and must outlive every error; each is told to the callers.")]
    private async Task WorkAsync()
    {
        var batch = new List<WriteJob>();
        while (await _jobs.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                await _runner.ConnectAsync().ConfigureAwait(false);
                // Only now that the server is there: while it was waited for, a caller could still leave.
                Gather(batch);
                await _runner.RunAsync(batch).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                FailAll(batch, new TransportException($"'{_servers.Name}' was closed before this was done. Whether it was stored is unknown."));
                FailTheRest(new TransportException($"'{_servers.Name}' was closed before this was done. Nothing was stored."));
            }
            catch (Exception error)
            {
                if (error is not TransportException)
                {
                    Log.WriterFailed(_logger, _servers.Name, error);
                }
                // A login that is refused is refused to all who wait; they would come to the same end one by one.
                FailAll(batch, PostgresErrors.Translate(error, _servers.Name));
                FailTheRest(PostgresErrors.Translate(error, _servers.Name));
            }
            batch.Clear();
        }
    }

    private void Gather(List<WriteJob> batch)
    {
        long bytes = 0;
        while (batch.Count < MostJobs && bytes < MostBytes && _jobs.Reader.TryRead(out var job))
        {
            if (job.TryStart())
            {
                batch.Add(job);
                bytes += job.Weight;
            }
        }
    }

    private static void FailAll(List<WriteJob> batch, Exception error)
    {
        foreach (var job in batch)
        {
            job.Fail(error);
        }
    }

    private void FailTheRest(Exception error)
    {
        while (_jobs.Reader.TryRead(out var job))
        {
            job.Fail(error);
        }
    }

    private TransportException NotSent() => new(
        $"'{_servers.Name}' is not connected{(_servers.Health.LastError is { } error ? $": {error}" : ", or too busy.")} Nothing was sent within {_options.Reconnect.PublishTimeout.TotalSeconds:0.###} s. Call again, or raise publish_timeout in the URL.");

    private PublishUnknownException Unknown(CommitJob job, Exception error)
    {
        var id = job.Units.SelectMany(unit => unit.Puts).FirstOrDefault()?.Message.CorrelationId;
        return new PublishUnknownException(
            $"The outcome of publishing message '{id ?? "(no id)"}' is unknown: '{_servers.Name}' did not confirm within {_options.Reconnect.PublishTimeout.TotalSeconds:0.###} s. It may have arrived or still arrive; look before you send it again, or raise publish_timeout.", id, error);
    }
}
