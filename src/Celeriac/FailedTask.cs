using System.Text.Json.Serialization;
using Celeriac.Serialization;

namespace Celeriac;

/// <summary>
/// A task that failed, as an errback gets it whose first parameter is of this type (Celery's <c>request, exc, traceback</c>). Where a worker has called the errback that does
/// not know its parameters, as a Python worker, there is no more than the <see cref="Id"/>.
/// </summary>
[JsonConverter(typeof(FailedTaskConverter))]
public sealed record FailedTask
{
    /// <summary>What has failed, by its id alone.</summary>
    public FailedTask(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Id = id;
    }

    /// <summary>The task's id.</summary>
    public string Id { get; }

    /// <summary>The task's name; null where no more than the id is known.</summary>
    public string? Task { get; init; }

    /// <summary>FAILURE, or REVOKED where the task was revoked or has expired; null where no more than the id is known.</summary>
    public string? State { get; init; }

    /// <summary>The positional arguments of its last run: a JSON array in UTF-8; empty where they are not known, as of a chord's body, which has not run.</summary>
    public ReadOnlyMemory<byte> Args { get; init; }

    /// <summary>The keyword arguments of its last run: a JSON object in UTF-8; empty where they are not known.</summary>
    public ReadOnlyMemory<byte> Kwargs { get; init; }

    /// <summary>How many retries came before its last run.</summary>
    public int Retries { get; init; }

    /// <summary>The first task of the whole workflow.</summary>
    public string? RootId { get; init; }

    /// <summary>The task that sent it.</summary>
    public string? ParentId { get; init; }

    /// <summary>Its group.</summary>
    public string? GroupId { get; init; }

    /// <summary>How it failed; null where no more than the id is known.</summary>
    public RemoteTaskException? Exception => Failure is { } failure
        ? new RemoteTaskException(Id, State ?? "FAILURE", failure.Type, failure.Module, failure.Arguments, failure.Traceback)
        : null;

    /// <summary>Where it failed, as the worker of its language writes it; null where that is not known.</summary>
    public string? Traceback => Failure?.Traceback;

    internal TaskFailure? Failure { get; init; }
}
