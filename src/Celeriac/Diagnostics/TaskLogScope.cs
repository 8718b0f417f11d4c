using System.Collections;
using System.Globalization;

namespace Celeriac.Diagnostics;

/// <summary>The log scope around a run: the user's own lines carry the task's name and id, the id of the workflow's first task, and how many runs came before.</summary>
internal sealed class TaskLogScope(TaskRequest request) : IReadOnlyList<KeyValuePair<string, object>>
{
    public int Count => 4;

    public KeyValuePair<string, object> this[int index] => index switch
    {
        0 => new("TaskName", request.Task),
        1 => new("TaskId", request.Id),
        2 => new("RootId", request.RootId ?? request.Id),
        3 => new("Attempt", request.Retries),
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "A task's log scope has four entries."),
    };

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator()
    {
        for (var index = 0; index < Count; index++)
        {
            yield return this[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => request.Retries == 0
        ? $"{request.Task}[{request.Id}]"
        : string.Create(CultureInfo.InvariantCulture, $"{request.Task}[{request.Id}] retry {request.Retries}");
}
