using System.Globalization;
using Celeriac.Protocol;

namespace Celeriac.Canvas;

/// <summary>Celery's <c>celery.chunks</c> signature, of which what is sent is a group of <c>celery.starmap</c>.</summary>
internal static class ChunkedCalls
{
    /// <summary>The group that is sent; what is no such signature as it is.</summary>
    /// <exception cref="ArgumentException">It has no list of calls or no size.</exception>
    public static Signature Open(Signature signature)
    {
        if (signature.SubtaskType != Mapping.ChunksType)
        {
            return signature;
        }
        var kwargs = SignatureReader.Members(signature.Kwargs);
        var group = GroupOf(signature.Options, declared: null, Value("task"), Value("it"), Value("n"));
        group = signature.LinkErrors.Aggregate(group, Workflow.LinkError);
        return signature.Links.Aggregate(group, Workflow.Link);

        ReadOnlyMemory<byte> Value(string name) => kwargs.Find(member => member.Key == name).Value;
    }

    /// <summary>The group.</summary>
    /// <param name="options">How its members are sent; an id is its own.</param>
    /// <param name="declared">What is declared of the task.</param>
    /// <param name="task">The JSON of the task's signature.</param>
    /// <param name="calls">The JSON list of lists of arguments.</param>
    /// <param name="size">The JSON number of calls that a member makes.</param>
    /// <exception cref="ArgumentException">The task is no signature, the calls are no list, or the size is none.</exception>
    public static Signature GroupOf(SendOptions options, TaskOptions? declared, ReadOnlyMemory<byte> task, ReadOnlyMemory<byte> calls, ReadOnlyMemory<byte> size)
    {
        var name = SignatureReader.Read(Require("task", task, task.Span is [(byte)'{', ..], "a signature")).Task;
        var rows = SignatureReader.Elements(Require("it", calls, calls.Span is [(byte)'[', ..], "a list of argument lists"));
        Require("n", size, int.TryParse(size.Span, CultureInfo.InvariantCulture, out var each) && each >= 1, "a whole number of at least 1");
        return Mapping.Chunks(new Signature(name) { Declared = declared, Options = options }, rows, each);
    }

    private static ReadOnlyMemory<byte> Require(string name, ReadOnlyMemory<byte> value, bool fits, string expected) => fits
        ? value
        : throw new ArgumentException($"celery.chunks() has {name} '{TaskJson.Excerpt(value.Span)}', but {expected} was expected. Give task, it and n, as Celery's task.chunks(it, n) does.");
}
