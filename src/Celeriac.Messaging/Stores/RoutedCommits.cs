namespace Celeriac.Messaging.Stores;

/// <summary>
/// Routes by a cached table of the topology and commits under its version: where the topology has moved meanwhile, the store refuses the unit
/// and it is routed again. So a binding that another process has made counts from the next publish on.
/// </summary>
internal sealed class RoutedCommits(IQueueStore store, Func<CancellationToken, ValueTask> connect, TransportCapabilities capabilities, TimeProvider time)
{
    private RoutingTable? _table;

    /// <summary>The table last looked up; null before the first look.</summary>
    public RoutingTable? Table => Volatile.Read(ref _table);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public async ValueTask<RoutingTable> LookupAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await connect(cancellationToken).ConfigureAwait(false);
        var table = new RoutingTable(await store.LookupAsync(cancellationToken).ConfigureAwait(false));
        Volatile.Write(ref _table, table);
        return table;
    }

    /// <summary>Commits what <paramref name="build"/> makes of the present routing table, again with a new one while the topology moves under it.</summary>
    public async Task<UnitAnswer[]> CommitAsync(int count, Func<StoreRouting, int, StoreUnit> build, CancellationToken cancellationToken)
    {
        await connect(cancellationToken).ConfigureAwait(false);
        var answers = new UnitAnswer[count];
        var pending = Enumerable.Range(0, count).ToList();
        var table = Volatile.Read(ref _table);
        // A table that was cached may be behind: a route that it does not know is looked up once more before it is refused.
        var isFresh = table is null;
        table ??= await LookupAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var routing = new StoreRouting(table, capabilities, capabilities.MaxBodyBytes, Now);
            var units = new List<StoreUnit>(pending.Count);
            var indexes = new List<int>(pending.Count);
            foreach (var index in pending)
            {
                try
                {
                    units.Add(build(routing, index));
                    indexes.Add(index);
                }
                catch (UnroutableException) when (!isFresh)
                {
                    answers[index] = new UnitAnswer(UnitStatus.StaleTopology);
                }
                catch (TransportException error)
                {
                    answers[index] = new UnitAnswer(UnitStatus.Failed, error);
                }
            }
            if (units.Count > 0)
            {
                var committed = await store.CommitAsync(units, cancellationToken).ConfigureAwait(false);
                for (var position = 0; position < indexes.Count; position++)
                {
                    answers[indexes[position]] = committed[position];
                }
            }
            pending = [.. pending.Where(index => answers[index].Status == UnitStatus.StaleTopology)];
            if (pending.Count == 0)
            {
                return answers;
            }
            table = await LookupAsync(cancellationToken).ConfigureAwait(false);
            isFresh = true;
        }
    }

    /// <summary>What publications become in the store, and the version of the topology that says so; for a store that writes them in a transaction that is not its own.</summary>
    /// <param name="publications">The publications.</param>
    /// <param name="isFresh">True looks the topology up first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<(long Version, IReadOnlyList<StorePut> Puts)> RouteAsync(ReadOnlyMemory<Publication> publications, bool isFresh, CancellationToken cancellationToken)
    {
        await connect(cancellationToken).ConfigureAwait(false);
        var known = isFresh ? null : Volatile.Read(ref _table);
        var table = known ?? await LookupAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var routing = new StoreRouting(table, capabilities, capabilities.MaxBodyBytes, Now);
            var puts = new List<StorePut>(publications.Length);
            for (var index = 0; index < publications.Length; index++)
            {
                puts.AddRange(routing.UnitOf(publications.Span[index]).Puts);
            }
            return (table.Version, puts);
        }
        catch (UnroutableException) when (known is not null)
        {
            return await RouteAsync(publications, isFresh: true, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<bool> ChangeAsync(Func<RoutingTable, TopologyChange?> plan, CancellationToken cancellationToken)
    {
        while (true)
        {
            var table = await LookupAsync(cancellationToken).ConfigureAwait(false);
            if (plan(table) is not { } change)
            {
                return false;
            }
            if (await store.ChangeTopologyAsync(table.Version, change, cancellationToken).ConfigureAwait(false))
            {
                await LookupAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
        }
    }

    /// <summary>Dead-letters or drops expired messages, also those that nobody consumes.</summary>
    public async Task SweepExpiredAsync(long? consumer, CancellationToken cancellationToken)
    {
        // Only a consumer sweeps: it has a lease to claim with, and a process that merely publishes should not write while idle.
        if (consumer is not { } holder)
        {
            return;
        }
        var table = await LookupAsync(cancellationToken).ConfigureAwait(false);
        var request = new TakeRequest(holder, [.. table.Snapshot.Queues.Select(queue => queue.Id)], 200, Now) { ExpiredOnly = true };
        var answer = await store.TakeAsync(request, cancellationToken).ConfigureAwait(false);
        await EndExpiredAsync(answer.Messages, cancellationToken).ConfigureAwait(false);
    }

    public async Task EndExpiredAsync(IReadOnlyList<TakenMessage> expired, CancellationToken cancellationToken)
    {
        if (expired.Count > 0)
        {
            await CommitAsync(expired.Count, (routing, index) => routing.UnitOfExpired(expired[index]), cancellationToken).ConfigureAwait(false);
        }
    }
}
