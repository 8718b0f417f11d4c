using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>What follows from the end of a task: messages that are part of its completion, results of tasks that will never run, and chords that are done with.</summary>
internal sealed record Followed
{
    public static Followed Nothing { get; } = new();

    public IReadOnlyList<PreparedTask> Tasks { get; init; } = [];
    public IReadOnlyList<ToldRecord> Told { get; init; } = [];

    /// <summary>The chords whose bodies are among the tasks, or have failed: nothing of them is needed once all this is applied.</summary>
    public IReadOnlyList<string> EndedChords { get; init; } = [];

    /// <summary>Why the task has failed after all: what should come after it cannot be sent.</summary>
    public TaskFailure? Fault { get; init; }

    /// <summary>The queues that must be there before the tasks are sent.</summary>
    public IEnumerable<string> Queues => Tasks.Where(task => task.IsDeclared).Select(task => task.Queue).Distinct(StringComparer.Ordinal);

    public IReadOnlyList<string> WithChildren(IReadOnlyList<string> children) => Tasks.Count == 0 ? children : [.. children, .. Tasks.Select(task => task.Context.TaskId)];
}

/// <summary>A result that a worker writes for a task that will not run.</summary>
/// <param name="Record">The result.</param>
/// <param name="ReplyTo">Who waits for it, where results are replies.</param>
internal readonly record struct ToldRecord(ResultRecord Record, string? ReplyTo);
