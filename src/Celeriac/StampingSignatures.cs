using Celeriac.Messaging;

namespace Celeriac;

/// <summary>Stamps on workflows: names and values that monitors show, that go with every task of a workflow, and by which tasks can be revoked.</summary>
public static class StampingSignatures
{
    /// <summary>The same with a stamp on each of its tasks, their callbacks and errbacks: <c>signature.Stamp("customer", "acme")</c>.</summary>
    /// <param name="signature">A task or workflow.</param>
    /// <param name="name">The stamp's name; not that of an option of Celery's.</param>
    /// <param name="value">Text, a number, or a list of them.</param>
    /// <param name="append">True puts the value beside one that is there under that name; false, the default, in its place.</param>
    /// <exception cref="ArgumentException">The name is empty, or that of an option.</exception>
    public static TSignature Stamp<TSignature>(this TSignature signature, string name, HeaderValue value, bool append = false) where TSignature : Signature
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return signature.Stamp(MessageHeaders.Empty.With(name, value), append);
    }

    /// <summary>The same with some stamps on each of its tasks, for example those of a running task: <c>signature.Stamp(context.Stamps)</c>.</summary>
    /// <param name="signature">A task or workflow.</param>
    /// <param name="stamps">Names and values.</param>
    /// <param name="append">True puts values beside those that are there under their names; false, the default, in their places.</param>
    /// <exception cref="ArgumentException">A name is that of an option.</exception>
    public static TSignature Stamp<TSignature>(this TSignature signature, MessageHeaders stamps, bool append = false) where TSignature : Signature
    {
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(stamps);
        return (TSignature)Stamping.Stamp(signature, visitor: null, stamps, append);
    }

    /// <summary>The same with the stamps that a visitor gives to each of its tasks, their callbacks and errbacks.</summary>
    /// <param name="signature">A task or workflow.</param>
    /// <param name="visitor">Who is asked, from the outside to the inside.</param>
    /// <param name="append">True puts values beside those that are there under their names; false, the default, in their places.</param>
    /// <exception cref="ArgumentException">The visitor has given a stamp the name of an option.</exception>
    public static TSignature Stamp<TSignature>(this TSignature signature, StampingVisitor visitor, bool append = false) where TSignature : Signature
    {
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(visitor);
        return (TSignature)Stamping.Stamp(signature, visitor, MessageHeaders.Empty, append);
    }

    /// <inheritdoc cref="Stamp{TSignature}(TSignature, string, HeaderValue, bool)"/>
    public static Partial<TIn, TOut> Stamp<TIn, TOut>(this Partial<TIn, TOut> signature, string name, HeaderValue value, bool append = false) =>
        new((signature ?? throw new ArgumentNullException(nameof(signature))).Untyped.Stamp(name, value, append));

    /// <inheritdoc cref="Stamp{TSignature}(TSignature, StampingVisitor, bool)"/>
    public static Partial<TIn, TOut> Stamp<TIn, TOut>(this Partial<TIn, TOut> signature, StampingVisitor visitor, bool append = false) =>
        new((signature ?? throw new ArgumentNullException(nameof(signature))).Untyped.Stamp(visitor, append));
}
