namespace Celeriac.Interop.Tests.Fleet;

/// <summary>
/// Draws workflows from a seed, each with the result that it must have: tasks that add, chains, and chords that add up what their members made of one number, nested up to
/// five deep, with retries, and with failures where both sides follow them alike.
/// </summary>
/// <param name="seed">What it is drawn from.</param>
/// <param name="prefixes">Where tasks run: <c>cs</c>, <c>py</c> or both.</param>
/// <param name="fails">True where a task may fail.</param>
internal sealed class RandomCanvas(int seed, string[] prefixes, bool fails)
{
    private readonly Random _random = new(seed);

    /// <summary>The workflow, and its result; null where it must fail.</summary>
    public (Signature Workflow, int? Result) Draw()
    {
        var start = _random.Next(100);
        var first = Task("add").WithArgs(start, 0);
        var (node, run) = Node(_random.Next(1, 6));
        return (first | node, run(start));
    }

    private (Signature Signature, Func<int?, int?> Run) Node(int depth) => (depth <= 0 ? 0 : _random.Next(4)) switch
    {
        0 => Leaf(),
        1 or 2 => Chain(depth),
        _ => Chord(depth),
    };

    private (Signature Signature, Func<int?, int?> Run) Leaf()
    {
        if (fails && _random.Next(25) == 0)
        {
            return (new Signature("cs.fail").WithArgs("key", "drawn").AsImmutable().Set(options => options with { Queue = "cs" }), _ => null);
        }
        if (_random.Next(8) == 0)
        {
            return (Task("flaky").WithArgs(2).AsImmutable(), value => value is null ? null : 2);
        }
        var more = _random.Next(10);
        return (Task("add").WithArgs(more), value => value + more);
    }

    private (Signature Signature, Func<int?, int?> Run) Chain(int depth)
    {
        var parts = Enumerable.Range(0, _random.Next(2, 4)).Select(_ => Node(depth - 1)).ToList();
        return (parts.Skip(1).Aggregate(parts[0].Signature, (before, part) => before | part.Signature), value => parts.Aggregate(value, (before, part) => part.Run(before)));
    }

    private (Signature Signature, Func<int?, int?> Run) Chord(int depth)
    {
        var parts = Enumerable.Range(0, _random.Next(2, 4)).Select(_ => Node(depth - 1)).ToList();
        return (Group.Of(parts.Select(part => part.Signature)) | Task("total"), value => parts.Aggregate((int?)0, (sum, part) => sum + part.Run(value)));
    }

    private Signature Task(string name)
    {
        var prefix = prefixes[_random.Next(prefixes.Length)];
        return new Signature($"{prefix}.{name}").Set(options => options with { Queue = prefix });
    }
}
