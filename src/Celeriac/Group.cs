using System.Runtime.CompilerServices;

namespace Celeriac;

/// <summary>Tasks that run at once; their results come together, in the order of the members.</summary>
/// <typeparam name="T">What each member returns.</typeparam>
public sealed record Group<T> : Signature<T[]>
{
    internal Group(Signature untyped) : base(untyped)
    {
    }

    /// <summary>The same with other options, for each member; the id is the group's own.</summary>
    public new Group<T> Set(Func<SendOptions, SendOptions> change) => (Group<T>)Workflow.Set(this, change);

    /// <summary>The same with another task to be called with the id of a member that failed.</summary>
    public new Group<T> LinkError<TNext>(Partial<string, TNext> errback) => (Group<T>)Workflow.LinkError(this, errback.Untyped);

    /// <summary>The same with another task to be called with a member that failed, its exception and traceback.</summary>
    public new Group<T> LinkError<TNext>(Partial<FailedTask, TNext> errback) => (Group<T>)Workflow.LinkError(this, errback.Untyped);
}

/// <summary>Makes groups.</summary>
public static partial class Group
{
    /// <summary>A group of these.</summary>
    [OverloadResolutionPriority(1)]
    public static Group<T> Of<T>(params IEnumerable<Signature<T>> members) => new(Workflow.Group(members));

    /// <summary>One group of all members of these.</summary>
    [OverloadResolutionPriority(1)]
    public static Group<T> Of<T>(params IEnumerable<Group<T>> groups) => new(Workflow.Group(groups));

    /// <summary>A group of these, each with the result of the task before.</summary>
    [OverloadResolutionPriority(1)]
    public static Partial<TIn, T[]> Of<TIn, T>(params IEnumerable<Partial<TIn, T>> members) => new(Workflow.Group(members.Select(member => member.Untyped)));

    /// <summary>A group of tasks whose results are of several types, or not known here.</summary>
    public static Signature Of(params IEnumerable<Signature> members) => Workflow.Group(members);
}
