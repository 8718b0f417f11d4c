using System.Collections;

namespace Celeriac.Diagnostics;

/// <summary>The log scope around a run: the user's own lines carry the task's name and id.</summary>
internal sealed class TaskLogScope(string taskName, string taskId) : IReadOnlyList<KeyValuePair<string, object>>
{
    public int Count => 2;

    public KeyValuePair<string, object> this[int index] => index switch
    {
        0 => new("TaskName", taskName),
        1 => new("TaskId", taskId),
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "A task's log scope has two entries."),
    };

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator()
    {
        yield return this[0];
        yield return this[1];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{taskName}[{taskId}]";
}
