namespace Celeriac.Hosting;

/// <summary>
/// What the command line says over everything configured. It can speak until the options are first read, which the client's or worker's first use does.
/// </summary>
internal sealed class AppOverrides(AppRegistration registration) : IDisposable
{
    private readonly List<Action<CeleriacOptions>> _shared = [];
    private readonly List<Action<WorkerOptions>> _worker = [];
    private readonly CancellationTokenSource _stopNow = new();
    private bool _read;

    /// <summary>True when the worker runs with the host.</summary>
    public bool RunsWorker { get; set; } = registration.RunsWorker;

    /// <summary>True when the worker's own timeouts say how long its tasks have at the end, and not the host's.</summary>
    public bool OutlastsHost { get; set; }

    /// <summary>Fires when running tasks are to be cancelled at once.</summary>
    public CancellationToken StopNow => _stopNow.Token;

    /// <exception cref="InvalidOperationException">The options were read before.</exception>
    public void Add(Action<CeleriacOptions> change) => Add(_shared, change);

    /// <exception cref="InvalidOperationException">The options were read before.</exception>
    public void Add(Action<WorkerOptions> change) => Add(_worker, change);

    public void Apply(CeleriacOptions options) => Apply(_shared, options);

    public void Apply(WorkerOptions options) => Apply(_worker, options);

    public void CancelTasks() => _stopNow.Cancel();

    public void Dispose() => _stopNow.Dispose();

    private void Add<TOptions>(List<Action<TOptions>> changes, Action<TOptions> change)
    {
        if (_read)
        {
            throw new InvalidOperationException(
                $"The command line's options come too late: the program has used the client of {registration.Description} before RunCeleriacAsync. Call RunCeleriacAsync first.");
        }
        changes.Add(change);
    }

    private void Apply<TOptions>(List<Action<TOptions>> changes, TOptions options)
    {
        _read = true;
        changes.ForEach(change => change(options));
    }
}
