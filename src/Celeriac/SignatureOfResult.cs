namespace Celeriac;

/// <summary>A complete signature by the type of its result, so that a task that takes a wider type may follow it.</summary>
/// <typeparam name="TResult">What the last task returns.</typeparam>
public interface ISignature<out TResult>
{
    /// <summary>What to call.</summary>
    Signature Untyped { get; }
}

/// <summary>A signature whose result type is known.</summary>
/// <typeparam name="TResult">What the task returns; <see cref="None"/> where it returns nothing.</typeparam>
public record Signature<TResult> : Signature, ISignature<TResult>
{
    /// <summary>A signature without arguments.</summary>
    public Signature(string task) : base(task)
    {
    }

    internal Signature(Signature untyped) : base(untyped)
    {
    }

    Signature ISignature<TResult>.Untyped => this;

    /// <summary>This, and then the next, which is complete and ignores the result of this.</summary>
    public static Signature<TResult> operator |(Signature left, Signature<TResult> right) => Workflow.Chain(left, Workflow.Immutable(right)).As<TResult>();

    /// <summary>The same with other options. Of a chain or group they are those of each task in it, but for the id, which is that of the whole.</summary>
    public new Signature<TResult> Set(Func<SendOptions, SendOptions> change) => (Signature<TResult>)Workflow.Set(this, change);

    /// <summary>The same with another task to be called with the result.</summary>
    public Signature<TResult> Link<TNext>(Partial<TResult, TNext> callback) => (Signature<TResult>)Workflow.Link(this, callback.Untyped);

    /// <summary>The same with another task to be called, complete, after it.</summary>
    public Signature<TResult> Link<TNext>(Signature<TNext> callback) => (Signature<TResult>)Workflow.Link(this, Workflow.Immutable(callback));

    /// <summary>The same with another task to be called with the result.</summary>
    public new Signature<TResult> Link(Signature callback) => (Signature<TResult>)Workflow.Link(this, callback);

    /// <summary>The same with another task to be called with the id of the one that failed.</summary>
    public Signature<TResult> LinkError<TNext>(Partial<string, TNext> errback) => (Signature<TResult>)Workflow.LinkError(this, errback.Untyped);

    /// <summary>The same with another task to be called with the one that failed, its exception and traceback.</summary>
    public Signature<TResult> LinkError<TNext>(Partial<FailedTask, TNext> errback) => (Signature<TResult>)Workflow.LinkError(this, errback.Untyped);

    /// <summary>The same with another task to be called, complete, where it fails.</summary>
    public Signature<TResult> LinkError<TNext>(Signature<TNext> errback) => (Signature<TResult>)Workflow.LinkError(this, Workflow.Immutable(errback));

    /// <summary>The same with another task to be called with the id of the one that failed.</summary>
    public new Signature<TResult> LinkError(Signature errback) => (Signature<TResult>)Workflow.LinkError(this, errback);

    /// <inheritdoc cref="LinkError{TNext}(Partial{string, TNext})"/>
    public Signature<TResult> OnError<TNext>(Partial<string, TNext> errback) => LinkError(errback);

    /// <inheritdoc cref="LinkError{TNext}(Partial{FailedTask, TNext})"/>
    public Signature<TResult> OnError<TNext>(Partial<FailedTask, TNext> errback) => LinkError(errback);

    /// <inheritdoc cref="LinkError{TNext}(Signature{TNext})"/>
    public Signature<TResult> OnError<TNext>(Signature<TNext> errback) => LinkError(errback);

    /// <inheritdoc cref="LinkError(Signature)"/>
    public new Signature<TResult> OnError(Signature errback) => LinkError(errback);

    /// <summary>The same, ignoring the result of the task before.</summary>
    public new Signature<TResult> AsImmutable() => (Signature<TResult>)Workflow.Immutable(this);
}
