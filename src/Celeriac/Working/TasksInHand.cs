using System.Collections.Concurrent;

namespace Celeriac.Working;

/// <summary>The tasks that a worker holds, by id. Where one id is held twice, because a lost lease gave it out again, the later one is shown.</summary>
internal sealed class TasksInHand
{
    private readonly ConcurrentDictionary<string, AdmittedTask> _byId = new(StringComparer.Ordinal);
    private int _active;

    /// <summary>How many run.</summary>
    public int Active => Volatile.Read(ref _active);

    public void Add(AdmittedTask task) => _byId[task.Request.Id] = task;

    public void Start(AdmittedTask task, DateTimeOffset now)
    {
        task.Start(now);
        task.Runtime.CountStart();
        Interlocked.Increment(ref _active);
    }

    /// <summary>The task is done or given back.</summary>
    public void Remove(AdmittedTask task)
    {
        if (task.Stage == TaskStage.Active)
        {
            Interlocked.Decrement(ref _active);
        }
        task.End();
        task.Release();
        _byId.TryRemove(new(task.Request.Id, task));
        task.Source?.Settled();
    }

    public AdmittedTask? Find(string id) => _byId.GetValueOrDefault(id);

    public IEnumerable<AdmittedTask> At(TaskStage stage) => _byId.Select(pair => pair.Value).Where(task => task.Stage == stage);
}
