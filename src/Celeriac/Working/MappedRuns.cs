using System.Buffers;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>
/// Calls a task again and again within the run of another. As in Celery these are calls and no tasks: the first exception is that of the whole, and its limits, retries and
/// hooks are not theirs.
/// </summary>
internal sealed class MappedRuns(TaskInvocation outer, TaskDefinition definition, bool isStar)
{
    /// <summary>The list of the results.</summary>
    /// <param name="items">A JSON list: the only argument of each call, or the list of its arguments.</param>
    public async Task<ReadOnlyMemory<byte>> RunAsync(ReadOnlyMemory<byte> items)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("["u8);
        foreach (var item in SignatureReader.Elements(items))
        {
            outer.CancellationToken.ThrowIfCancellationRequested();
            if (buffer.WrittenCount > 1)
            {
                buffer.Write(","u8);
            }
            var result = await CallAsync(isStar ? Row(item) : (byte[])[(byte)'[', .. item.Span, (byte)']']).ConfigureAwait(false);
            buffer.Write(result.Span);
        }
        buffer.Write("]"u8);
        return buffer.WrittenMemory;
    }

    private async ValueTask<ReadOnlyMemory<byte>> CallAsync(ReadOnlyMemory<byte> args)
    {
        byte[] body = [.. args.Span, .. "{}"u8];
        var request = outer.Context.Request with { Task = definition.Name, Body = body, Args = new JsonSlice(0, args.Length), Kwargs = new JsonSlice(args.Length, 2) };
        var invocation = new TaskInvocation(definition, ArgumentBinder.Bind(definition, request), outer.Context, outer.Services, outer.CancellationToken);
        try
        {
            return await definition.Invoker!(invocation).ConfigureAwait(false);
        }
        catch (TaskRetryException retry)
        {
            // Nothing can be retried that is no message: as in Celery, why it should be is the failure.
            throw retry.InnerException ?? new CeleryException("Retry", "celery.exceptions", "Task can be retried");
        }
        finally
        {
            await invocation.EndAsync().ConfigureAwait(false);
        }
    }

    private ReadOnlyMemory<byte> Row(ReadOnlyMemory<byte> item) => item.Span is [(byte)'[', ..]
        ? item
        : throw new TaskArgumentException($"celery.starmap() takes a list of argument lists for '{definition.Name}', but one is '{TaskJson.Excerpt(item.Span)}'. Give a list for each call.");
}
