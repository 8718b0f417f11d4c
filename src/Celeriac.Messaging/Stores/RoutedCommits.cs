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

    /// <summary>
    /// Commits what <paramref name="build"/> makes of the present routing table. It may find that the topology has moved: give the answers to <see cref="FinishAsync"/>, which
    /// then routes and commits anew. Two steps, so that the common case waits in no method of this class.
    /// </summary>
    public ValueTask<IReadOnlyList<UnitAnswer>> BeginAsync<TState>(int count, TState state, Func<StoreRouting, TState, int, StoreUnit> build, CancellationToken cancellationToken) =>
        // Where there is a table the store is open.
        Volatile.Read(ref _table) is { } table && TryRoute(RoutingBy(table), count, state, build) is { } units
            ? store.CommitAsync(units, cancellationToken)
            : CommitUnroutedAsync(count, state, build, cancellationToken);

    /// <summary>Commits again what was routed by a table that is out of date.</summary>
    public ValueTask<IReadOnlyList<UnitAnswer>> FinishAsync<TState>(
        IReadOnlyList<UnitAnswer> answers, TState state, Func<StoreRouting, TState, int, StoreUnit> build, CancellationToken cancellationToken) =>
        HasStale(answers) ? CommitStaleAsync(answers, state, build, cancellationToken) : new(answers);

    private async ValueTask<IReadOnlyList<UnitAnswer>> CommitUnroutedAsync<TState>(int count, TState state, Func<StoreRouting, TState, int, StoreUnit> build, CancellationToken cancellationToken)
    {
        await connect(cancellationToken).ConfigureAwait(false);
        return await CommitPiecewiseAsync(new UnitAnswer[count], Enumerable.Range(0, count), Volatile.Read(ref _table), state, build, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<IReadOnlyList<UnitAnswer>> CommitStaleAsync<TState>(
        IReadOnlyList<UnitAnswer> answers, TState state, Func<StoreRouting, TState, int, StoreUnit> build, CancellationToken cancellationToken)
    {
        var stale = Enumerable.Range(0, answers.Count).Where(index => answers[index].Status == UnitStatus.StaleTopology);
        return CommitPiecewiseAsync([.. answers], stale, null, state, build, cancellationToken);
    }

    private StoreRouting RoutingBy(RoutingTable table) => new(table, capabilities, capabilities.MaxBodyBytes, Now);

    /// <summary>The common case: everything has a route by the table at hand. Null where something has not.</summary>
    private static StoreUnit[]? TryRoute<TState>(StoreRouting routing, int count, TState state, Func<StoreRouting, TState, int, StoreUnit> build)
    {
        var units = new StoreUnit[count];
        try
        {
            for (var index = 0; index < count; index++)
            {
                units[index] = build(routing, state, index);
            }
            return units;
        }
        catch (TransportException)
        {
            return null;
        }
    }

    private static bool HasStale(IReadOnlyList<UnitAnswer> answers)
    {
        for (var index = 0; index < answers.Count; index++)
        {
            if (answers[index].Status == UnitStatus.StaleTopology)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Commits what of the list can be routed, and each failure is the answer of its own unit alone.</summary>
    private async ValueTask<IReadOnlyList<UnitAnswer>> CommitPiecewiseAsync<TState>(
        UnitAnswer[] answers, IEnumerable<int> all, RoutingTable? table, TState state, Func<StoreRouting, TState, int, StoreUnit> build, CancellationToken cancellationToken)
    {
        var pending = all.ToList();
        // A table that was cached may be behind: a route that it does not know is looked up once more before it is refused.
        var isFresh = table is null;
        table ??= await LookupAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var routing = RoutingBy(table);
            var units = new List<StoreUnit>(pending.Count);
            var indexes = new List<int>(pending.Count);
            foreach (var index in pending)
            {
                try
                {
                    units.Add(build(routing, state, index));
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
            var routing = RoutingBy(table);
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
            static StoreUnit UnitOf(StoreRouting routing, IReadOnlyList<TakenMessage> all, int index) => routing.UnitOfExpired(all[index]);
            var answers = await BeginAsync(expired.Count, expired, UnitOf, cancellationToken).ConfigureAwait(false);
            await FinishAsync(answers, expired, UnitOf, cancellationToken).ConfigureAwait(false);
        }
    }
}
