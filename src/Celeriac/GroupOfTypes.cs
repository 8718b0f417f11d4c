using Celeriac.Serialization;

namespace Celeriac;

/// <content>Members whose results are of several types: the result is a tuple, on the wire a list.</content>
public static partial class Group
{
    /// <summary>A group of these, whose results are of several types; a member that is a group itself ends in the list of its results.</summary>
    public static Signature<(T1, T2)> Of<T1, T2>(Signature<T1> first, Signature<T2> second) =>
        Tuple(static () => new TupleConverter<T1, T2>(), first, second);

    /// <inheritdoc cref="Of{T1, T2}(Signature{T1}, Signature{T2})"/>
    public static Signature<(T1, T2, T3)> Of<T1, T2, T3>(Signature<T1> first, Signature<T2> second, Signature<T3> third) =>
        Tuple(static () => new TupleConverter<T1, T2, T3>(), first, second, third);

    /// <inheritdoc cref="Of{T1, T2}(Signature{T1}, Signature{T2})"/>
    public static Signature<(T1, T2, T3, T4)> Of<T1, T2, T3, T4>(Signature<T1> first, Signature<T2> second, Signature<T3> third, Signature<T4> fourth) =>
        Tuple(static () => new TupleConverter<T1, T2, T3, T4>(), first, second, third, fourth);

    /// <inheritdoc cref="Of{T1, T2}(Signature{T1}, Signature{T2})"/>
    public static Signature<(T1, T2, T3, T4, T5)> Of<T1, T2, T3, T4, T5>(Signature<T1> first, Signature<T2> second, Signature<T3> third, Signature<T4> fourth, Signature<T5> fifth) =>
        Tuple(static () => new TupleConverter<T1, T2, T3, T4, T5>(), first, second, third, fourth, fifth);

    /// <inheritdoc cref="Of{T1, T2}(Signature{T1}, Signature{T2})"/>
    public static Signature<(T1, T2, T3, T4, T5, T6)> Of<T1, T2, T3, T4, T5, T6>(Signature<T1> first, Signature<T2> second, Signature<T3> third, Signature<T4> fourth, Signature<T5> fifth, Signature<T6> sixth) =>
        Tuple(static () => new TupleConverter<T1, T2, T3, T4, T5, T6>(), first, second, third, fourth, fifth, sixth);

    /// <inheritdoc cref="Of{T1, T2}(Signature{T1}, Signature{T2})"/>
    public static Signature<(T1, T2, T3, T4, T5, T6, T7)> Of<T1, T2, T3, T4, T5, T6, T7>(Signature<T1> first, Signature<T2> second, Signature<T3> third, Signature<T4> fourth, Signature<T5> fifth, Signature<T6> sixth, Signature<T7> seventh) =>
        Tuple(static () => new TupleConverter<T1, T2, T3, T4, T5, T6, T7>(), first, second, third, fourth, fifth, sixth, seventh);

    /// <summary>A group of these, each with the result of the task before, whose results are of several types.</summary>
    public static Partial<TIn, (T1, T2)> Of<TIn, T1, T2>(Partial<TIn, T1> first, Partial<TIn, T2> second) =>
        new(Tuple(static () => new TupleConverter<T1, T2>(), first.Untyped, second.Untyped));

    /// <inheritdoc cref="Of{TIn, T1, T2}(Partial{TIn, T1}, Partial{TIn, T2})"/>
    public static Partial<TIn, (T1, T2, T3)> Of<TIn, T1, T2, T3>(Partial<TIn, T1> first, Partial<TIn, T2> second, Partial<TIn, T3> third) =>
        new(Tuple(static () => new TupleConverter<T1, T2, T3>(), first.Untyped, second.Untyped, third.Untyped));

    /// <inheritdoc cref="Of{TIn, T1, T2}(Partial{TIn, T1}, Partial{TIn, T2})"/>
    public static Partial<TIn, (T1, T2, T3, T4)> Of<TIn, T1, T2, T3, T4>(Partial<TIn, T1> first, Partial<TIn, T2> second, Partial<TIn, T3> third, Partial<TIn, T4> fourth) =>
        new(Tuple(static () => new TupleConverter<T1, T2, T3, T4>(), first.Untyped, second.Untyped, third.Untyped, fourth.Untyped));

    /// <inheritdoc cref="Of{TIn, T1, T2}(Partial{TIn, T1}, Partial{TIn, T2})"/>
    public static Partial<TIn, (T1, T2, T3, T4, T5)> Of<TIn, T1, T2, T3, T4, T5>(Partial<TIn, T1> first, Partial<TIn, T2> second, Partial<TIn, T3> third, Partial<TIn, T4> fourth, Partial<TIn, T5> fifth) =>
        new(Tuple(static () => new TupleConverter<T1, T2, T3, T4, T5>(), first.Untyped, second.Untyped, third.Untyped, fourth.Untyped, fifth.Untyped));

    /// <inheritdoc cref="Of{TIn, T1, T2}(Partial{TIn, T1}, Partial{TIn, T2})"/>
    public static Partial<TIn, (T1, T2, T3, T4, T5, T6)> Of<TIn, T1, T2, T3, T4, T5, T6>(Partial<TIn, T1> first, Partial<TIn, T2> second, Partial<TIn, T3> third, Partial<TIn, T4> fourth, Partial<TIn, T5> fifth, Partial<TIn, T6> sixth) =>
        new(Tuple(static () => new TupleConverter<T1, T2, T3, T4, T5, T6>(), first.Untyped, second.Untyped, third.Untyped, fourth.Untyped, fifth.Untyped, sixth.Untyped));

    /// <inheritdoc cref="Of{TIn, T1, T2}(Partial{TIn, T1}, Partial{TIn, T2})"/>
    public static Partial<TIn, (T1, T2, T3, T4, T5, T6, T7)> Of<TIn, T1, T2, T3, T4, T5, T6, T7>(Partial<TIn, T1> first, Partial<TIn, T2> second, Partial<TIn, T3> third, Partial<TIn, T4> fourth, Partial<TIn, T5> fifth, Partial<TIn, T6> sixth, Partial<TIn, T7> seventh) =>
        new(Tuple(static () => new TupleConverter<T1, T2, T3, T4, T5, T6, T7>(), first.Untyped, second.Untyped, third.Untyped, fourth.Untyped, fifth.Untyped, sixth.Untyped, seventh.Untyped));

    private static Signature<TTuple> Tuple<TTuple>(Func<TupleConverter<TTuple>> converter, params IEnumerable<Signature> members) where TTuple : struct
    {
        NamedTuples.Add(converter);
        return Workflow.Group(members.Select(Whole)).As<TTuple>();
    }

    /// <summary>What would be flattened into the group around it stays one member of it.</summary>
    private static Signature Whole(Signature member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return member.Canvas is CanvasNode.Group || member.SubtaskType == Mapping.ChunksType ? new Signature("celery.chain") { Canvas = new CanvasNode.Chain([member]) } : member;
    }
}
