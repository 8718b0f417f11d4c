using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Celeriac.Postgres.Writing;

/// <summary>
/// Runs what has gathered: together, and where the server refuses it one by one, so that only the guilty caller sees the failure. A batch that
/// a lost connection interrupts is sent again with its number until it is answered.
/// </summary>
internal sealed class BatchRunner(
    WriterSession session, PostgresServers servers, PostgresOptions options, TimeProvider time, ClaimLedger claims, Action<IReadOnlyList<StoreUnit>> tellWaiters, AnswerLine line, ILogger logger, CancellationToken closing)
{
    private const int MostConflicts = 5;
    private const string WriterGone = "CL001";

    /// <summary>Waits for the server.</summary>
    public async Task ConnectAsync()
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await session.EnsureConnectedAsync(closing).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (IsLoss(error))
            {
                await session.DisconnectAsync().ConfigureAwait(false);
                await Task.Delay(options.Reconnect.DelayAfter(failures), time, closing).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Does the work and tells the callers.</summary>
    public async Task RunAsync(List<WriteJob> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }
        try
        {
            await RunTogetherAsync([.. batch.OfType<TakeJob>()], [.. batch.OfType<CommitJob>()]).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException && batch.Count == 1 && batch[0] is not CommitJob { Units.Count: > 1 })
        {
            batch[0].Fail(PostgresErrors.Translate(error, servers.Name));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            foreach (var job in batch)
            {
                await RunAloneAsync(job).ConfigureAwait(false);
            }
        }
    }

    private async Task RunTogetherAsync(TakeJob[] takes, CommitJob[] commits)
    {
        StoreUnit[] units = [.. commits.SelectMany(job => job.Units)];
        var (taken, statuses) = await SendAsync(takes, units).ConfigureAwait(false);
        var offset = 0;
        foreach (var job in commits)
        {
            var told = new UnitAnswer[job.Units.Count];
            for (var index = 0; index < told.Length; index++)
            {
                told[index] = new UnitAnswer(StatusOf(statuses[offset++]));
            }
            job.Succeed(told);
        }
        for (var index = 0; index < takes.Length; index++)
        {
            takes[index].Succeed(taken[index]);
        }
        line.Go();
    }

    private async Task RunAloneAsync(WriteJob job)
    {
        try
        {
            if (job is CommitJob commit)
            {
                var answers = new UnitAnswer[commit.Units.Count];
                for (var index = 0; index < answers.Length; index++)
                {
                    answers[index] = await CommitAloneAsync(commit.Units[index]).ConfigureAwait(false);
                }
                commit.Succeed(answers);
                line.Go();
                return;
            }
            await RunTogetherAsync([(TakeJob)job], []).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            job.Fail(PostgresErrors.Translate(error, servers.Name));
        }
    }

    private async Task<UnitAnswer> CommitAloneAsync(StoreUnit unit)
    {
        try
        {
            var (_, statuses) = await SendAsync([], [unit]).ConfigureAwait(false);
            return new UnitAnswer(StatusOf(statuses[0]));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new UnitAnswer(UnitStatus.Failed, PostgresErrors.Translate(error, servers.Name));
        }
    }

    private async Task<(TakeAnswer[] Taken, short[] Statuses)> SendAsync(TakeJob[] takes, StoreUnit[] units)
    {
        var number = units.Length > 0 ? session.NextNumber() : 0;
        var conflicts = 0;
        claims.Returning(units);
        while (true)
        {
            try
            {
                var asked = takes.Select(take => (take.Request, claims.KnownIfDoubtful(take.Request.Holder))).ToArray();
                var answer = await session.RunAsync(asked, units, number).ConfigureAwait(false);
                Account(takes, units, answer.Taken);
                return answer;
            }
            catch (PostgresException error) when (error.SqlState == WriterGone)
            {
                await session.RegisterAsync().ConfigureAwait(false);
            }
            catch (PostgresException error) when (PostgresErrors.IsConflict(error) && ++conflicts < MostConflicts)
            {
                // Nothing was written; the other transaction goes on, and then this one.
            }
            catch (Exception error) when (IsLoss(error))
            {
                closing.ThrowIfCancellationRequested();
                claims.Doubt(takes.Select(take => take.Request.Holder));
                Log.WriterInterrupted(logger, servers.Name, PostgresErrors.Reason(error));
                await session.DisconnectAsync().ConfigureAwait(false);
                await ConnectAsync().ConfigureAwait(false);
            }
        }
    }

    private void Account(TakeJob[] takes, StoreUnit[] units, TakeAnswer[] taken)
    {
        for (var index = 0; index < takes.Length; index++)
        {
            claims.Add(takes[index].Request, taken[index]);
        }
        claims.Ended(units);
        var isNews = false;
        foreach (var unit in units)
        {
            isNews |= unit.Puts.Count > 0 || unit.Documents.Count > 0 || (unit.Claim is not null && unit.End == ClaimEnd.Return);
        }
        if (isNews)
        {
            tellWaiters(units);
        }
    }

    // The link's own token ends a wait for a network that has failed.
    private bool IsLoss(Exception error) => PostgresErrors.IsLoss(error) || (error is OperationCanceledException && !closing.IsCancellationRequested);

    private static UnitStatus StatusOf(short status) => status switch
    {
        0 => UnitStatus.Applied,
        1 => UnitStatus.Lost,
        _ => UnitStatus.StaleTopology,
    };
}
