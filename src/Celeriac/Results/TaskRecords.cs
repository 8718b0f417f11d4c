using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Results;

/// <summary>Makes records of a task, with what <c>result_extended</c> adds where it is on.</summary>
/// <param name="isExtended">True for extended records.</param>
/// <param name="node">The node that runs the tasks.</param>
internal sealed class TaskRecords(bool isExtended, string node)
{
    /// <summary>Celery's records without the extended members.</summary>
    public static TaskRecords Plain { get; } = new(false, "");

    /// <summary>The record of a task that goes on.</summary>
    public ResultRecord Of(TaskRequest request, string state, ReadOnlyMemory<byte> meta) =>
        Extend(new ResultRecord { TaskId = request.Id, Status = state, Result = meta, GroupId = request.GroupId, ParentId = request.ParentId }, request)!;

    /// <summary>Adds the extended members.</summary>
    public ResultRecord? Extend(ResultRecord? record, TaskRequest request)
    {
        if (!isExtended || record is null)
        {
            return record;
        }
        var headers = request.Message.Headers;
        var (stamped, stamps) = ResultStamps.Of(headers[TaskHeader.StampedHeaders], headers[TaskHeader.Stamps]);
        return record with
        {
            Name = request.Task,
            Args = request.Body.Slice(request.Args.Start, request.Args.Length),
            Kwargs = request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length),
            Worker = node,
            Retries = request.Retries,
            Queue = request.RoutingKey,
            StampedHeaders = stamped,
            Stamps = stamps,
        };
    }
}
