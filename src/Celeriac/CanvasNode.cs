namespace Celeriac;

/// <summary>What a workflow is made of: a closed set of nodes, pure data.</summary>
public abstract record CanvasNode
{
    private CanvasNode()
    {
    }

    /// <summary>Members of the wire form that nobody here knows; they are written again.</summary>
    internal IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Rest { get; init; } = [];

    /// <summary>One after the other, each with the result of the one before.</summary>
    /// <param name="Tasks">In the order of their runs.</param>
    public sealed record Chain(IReadOnlyList<Signature> Tasks) : CanvasNode;

    /// <summary>All at once.</summary>
    /// <param name="Tasks">The members; results are in their order.</param>
    public sealed record Group(IReadOnlyList<Signature> Tasks) : CanvasNode;

    /// <summary>All at once, and then one with the list of their results.</summary>
    /// <param name="Header">The group.</param>
    /// <param name="Body">What is called with the results.</param>
    public sealed record Chord(Signature Header, Signature Body) : CanvasNode
    {
        /// <summary>True where the header came as a plain array of signatures.</summary>
        internal bool IsHeaderBare { get; init; }
    }
}
