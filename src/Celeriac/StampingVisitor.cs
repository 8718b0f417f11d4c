using Celeriac.Messaging;

namespace Celeriac;

/// <summary>
/// Puts stamps on the tasks of a workflow as it walks through it (Celery's <c>StampingVisitor</c>): <c>signature.Stamp(new TenantStamps())</c>. Each method answers
/// stamps for what it is given and all below it, or null for none; they win over those of the same name from above, which each method is told of.
/// </summary>
public abstract class StampingVisitor
{
    /// <summary>Stamps of one task. It is asked of callbacks and errbacks too.</summary>
    /// <param name="signature">The task.</param>
    /// <param name="stamps">The stamps from above.</param>
    public abstract MessageHeaders? OnSignature(Signature signature, MessageHeaders stamps);

    /// <summary>Stamps of all members of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="stamps">The stamps from above.</param>
    public virtual MessageHeaders? OnGroupStart(Signature group, MessageHeaders stamps) => null;

    /// <summary>All members have been stamped.</summary>
    /// <param name="group">The group as it was.</param>
    /// <param name="stamps">The stamps that its members were given.</param>
    public virtual void OnGroupEnd(Signature group, MessageHeaders stamps)
    {
    }

    /// <summary>Stamps of all tasks of a chain.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="stamps">The stamps from above.</param>
    public virtual MessageHeaders? OnChainStart(Signature chain, MessageHeaders stamps) => null;

    /// <summary>All tasks have been stamped.</summary>
    /// <param name="chain">The chain as it was.</param>
    /// <param name="stamps">The stamps that its tasks were given.</param>
    public virtual void OnChainEnd(Signature chain, MessageHeaders stamps)
    {
    }

    /// <summary>Stamps of all members of a chord's header, and, as in Celery, of its body. Default what <see cref="OnGroupStart"/> answers for the header.</summary>
    /// <param name="chord">The chord.</param>
    /// <param name="stamps">The stamps from above.</param>
    public virtual MessageHeaders? OnChordHeaderStart(Signature chord, MessageHeaders stamps) => OnGroupStart(HeaderOf(chord), stamps);

    /// <summary>All members have been stamped. Default <see cref="OnGroupEnd"/> for the header.</summary>
    /// <param name="chord">The chord as it was.</param>
    /// <param name="stamps">The stamps that its members were given.</param>
    public virtual void OnChordHeaderEnd(Signature chord, MessageHeaders stamps) => OnGroupEnd(HeaderOf(chord), stamps);

    /// <summary>Stamps of a chord's body.</summary>
    /// <param name="chord">The chord.</param>
    /// <param name="stamps">The stamps from above, those of the header among them.</param>
    public virtual MessageHeaders? OnChordBody(Signature chord, MessageHeaders stamps) => null;

    /// <summary>Stamps of a task that is called after another's success.</summary>
    /// <param name="callback">What is called.</param>
    /// <param name="stamps">The stamps from above; those of the task it comes after are not among them.</param>
    public virtual MessageHeaders? OnCallback(Signature callback, MessageHeaders stamps) => null;

    /// <summary>Stamps of a task that is called after another's failure.</summary>
    /// <param name="errback">What is called.</param>
    /// <param name="stamps">The stamps from above; those of the task it comes after are not among them.</param>
    public virtual MessageHeaders? OnErrback(Signature errback, MessageHeaders stamps) => null;

    private static Signature HeaderOf(Signature chord) => chord.Canvas is CanvasNode.Chord { Header: var header } ? header : chord;
}
