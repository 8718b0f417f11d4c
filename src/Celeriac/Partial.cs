namespace Celeriac;

/// <summary>A signature whose first parameter is left open: the result of the task before takes its place.</summary>
/// <typeparam name="TIn">What the first parameter takes.</typeparam>
/// <typeparam name="TOut">What the task returns.</typeparam>
public sealed class Partial<TIn, TOut>
{
    /// <summary>Made by generated handles and by <see cref="Signature.AsPartial{TIn, TOut}"/>.</summary>
    public Partial(Signature untyped)
    {
        ArgumentNullException.ThrowIfNull(untyped);
        Untyped = untyped;
    }

    /// <summary>What to call, without the argument that is still open.</summary>
    public Signature Untyped { get; }

    /// <summary>The left one, and then this with the result of it.</summary>
    public static Signature<TOut> operator |(ISignature<TIn> left, Partial<TIn, TOut> right) => Workflow.Chain(left.Untyped, right.Untyped).As<TOut>();

    /// <summary>The same with other options.</summary>
    public Partial<TIn, TOut> Set(Func<SendOptions, SendOptions> change) => new(Workflow.Set(Untyped, change));

    /// <summary>The same with another task to be called with the result.</summary>
    public Partial<TIn, TOut> Link<TNext>(Partial<TOut, TNext> callback) => new(Workflow.Link(Untyped, callback.Untyped));

    /// <summary>The same with another task to be called with the id of the one that failed.</summary>
    public Partial<TIn, TOut> LinkError<TNext>(Partial<string, TNext> errback) => new(Workflow.LinkError(Untyped, errback.Untyped));

    /// <summary>The same with another task to be called with the one that failed, its exception and traceback.</summary>
    public Partial<TIn, TOut> LinkError<TNext>(Partial<FailedTask, TNext> errback) => new(Workflow.LinkError(Untyped, errback.Untyped));

    /// <inheritdoc cref="LinkError{TNext}(Partial{string, TNext})"/>
    public Partial<TIn, TOut> OnError<TNext>(Partial<string, TNext> errback) => LinkError(errback);

    /// <inheritdoc cref="LinkError{TNext}(Partial{FailedTask, TNext})"/>
    public Partial<TIn, TOut> OnError<TNext>(Partial<FailedTask, TNext> errback) => LinkError(errback);

    /// <summary>The argument given: a complete signature.</summary>
    public Signature<TOut> With(TIn argument) => (Untyped with { Args = Workflow.Prepend(TaskJson.Encode(argument), Untyped.Args) }).As<TOut>();

    /// <summary>The same with a parameter of another type, on purpose. Nothing checks it before the task runs.</summary>
    public Partial<TOther, TOut> Taking<TOther>() => new(Untyped);
}

/// <summary>Tasks one after the other: <c>|</c> between partial signatures, and <c>Then</c>, which is <c>|</c> in a word.</summary>
public static class Piping
{
    extension<TIn, TMiddle, TOut>(Partial<TIn, TMiddle>)
    {
        /// <summary>The left one, and then the right one with its result; the first parameter of the left one stays open.</summary>
        public static Partial<TIn, TOut> operator |(Partial<TIn, TMiddle> left, Partial<TMiddle, TOut> right) => new(Workflow.Chain(left.Untyped, right.Untyped));

        /// <summary>The left one, and then the right one, which is complete and ignores its result.</summary>
        public static Partial<TIn, TOut> operator |(Partial<TIn, TMiddle> left, Signature<TOut> right) => new(Workflow.Chain(left.Untyped, Workflow.Immutable(right)));
    }

    /// <summary>The first, and then the next with its result.</summary>
    public static Signature<TOut> Then<TIn, TOut>(this ISignature<TIn> first, Partial<TIn, TOut> next) => first | next;

    /// <summary>The first, and then the next, which is complete and ignores its result.</summary>
    public static Signature<TOut> Then<TOut>(this Signature first, Signature<TOut> next) => first | next;

    /// <summary>The first, and then the next with its result; the first parameter of the first stays open.</summary>
    public static Partial<TIn, TOut> Then<TIn, TMiddle, TOut>(this Partial<TIn, TMiddle> first, Partial<TMiddle, TOut> next) => first | next;
}
