using System.Collections.Concurrent;

namespace Celeriac.Working;

/// <summary>The tasks that a worker holds, by id. Where one id is held twice, because a lost lease gave it out again, the later one is shown.</summary>
internal sealed class TasksInHand
{
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, AdmittedTask> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _takenBack = new(StringComparer.Ordinal);
    private int _active;
    private int _count;

    /// <summary>How many run.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>How many are held.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Add(AdmittedTask task)
    {
        _byId[task.Request.Id] = task;
        Interlocked.Increment(ref _count);
    }

    public void Start(AdmittedTask task, DateTimeOffset now)
    {
        task.Start(now);
        task.Runtime.Counters.CountStarted();
        Interlocked.Increment(ref _active);
    }

    /// <summary>The task is done or given back.</summary>
    public void Remove(AdmittedTask task)
    {
        if (task.Stage == TaskStage.Active)
        {
            Interlocked.Decrement(ref _active);
        }
        Interlocked.Decrement(ref _count);
        task.End();
        task.Release();
        _byId.TryRemove(new(task.Request.Id, task));
        task.Source?.Settled();
    }

    /// <summary>The broker has taken back what came with a generation of deliveries; answers how many that were.</summary>
    public int TakeBack(long generation, string reason)
    {
        var taken = All.Where(task => task.Delivery.Claim.Generation == generation && !task.IsAcknowledged).ToList();
        if (_takenBack.Count + taken.Count > MostRemembered)
        {
            // Those who have not come back by now went to other workers.
            _takenBack.Clear();
        }
        foreach (var task in taken)
        {
            _takenBack[task.Request.Id] = true;
            task.TakeBack(reason);
        }
        return taken.Count;
    }

    /// <summary>True where this process has or had the task and is alive: that it comes again tells of no death.</summary>
    public bool IsInnocent(string id) => _takenBack.TryRemove(id, out _) || _byId.ContainsKey(id);

    public AdmittedTask? Find(string id) => _byId.GetValueOrDefault(id);

    public IEnumerable<AdmittedTask> All => _byId.Select(pair => pair.Value);

    public IEnumerable<AdmittedTask> At(TaskStage stage) => _byId.Select(pair => pair.Value).Where(task => task.Stage == stage);
}
