using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Sqlite.Writing;

/// <summary>Units of one caller.</summary>
/// <param name="units">The units.</param>
/// <param name="headers">For each unit the encoded headers of its messages: what the caller's thread can do, the one that writes for all need not.</param>
internal sealed class CommitJob(IReadOnlyList<StoreUnit> units, byte[]?[][] headers) : WriteJob<IReadOnlyList<UnitAnswer>>(session => Apply(session, units, headers))
{
    /// <summary>Encodes the headers.</summary>
    public CommitJob(IReadOnlyList<StoreUnit> units) : this(units, [.. units.Select(HeadersOf)])
    {
    }

    /// <inheritdoc/>
    public override long Weight { get; } = Weigh(units);

    /// <inheritdoc/>
    public override void ExecuteAlone(WriteSession session)
    {
        // Each unit in its own transaction: a full disk may end a transaction by itself, and must then take nothing else with it.
        var answers = new UnitAnswer[units.Count];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = ApplyAlone(session, units[index], headers[index]);
        }
        Answer = answers;
    }

    private static UnitAnswer[] Apply(WriteSession session, IReadOnlyList<StoreUnit> units, byte[]?[][] headers)
    {
        var answers = new UnitAnswer[units.Count];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = new UnitAnswer(session.Units.Apply(units[index], headers[index]));
        }
        return answers;
    }

    private static UnitAnswer ApplyAlone(WriteSession session, StoreUnit unit, byte[]?[] headers)
    {
        try
        {
            var status = UnitStatus.Failed;
            session.InTransaction((inner, one) => status = inner.Units.Apply(one, headers), unit);
            return new UnitAnswer(status);
        }
        catch (Exception error)
        {
            return new UnitAnswer(UnitStatus.Failed, session.Translate(error));
        }
    }

    private static byte[]?[] HeadersOf(StoreUnit unit)
    {
        if (unit.Puts.Count == 0)
        {
            return [];
        }
        var headers = new byte[]?[unit.Puts.Count];
        for (var index = 0; index < headers.Length; index++)
        {
            headers[index] = TryEncode(unit.Puts[index].Message.Headers);
        }
        return headers;
    }

    /// <summary>Null where they nest too deep: that unit alone is refused, when its turn comes.</summary>
    private static byte[]? TryEncode(MessageHeaders headers)
    {
        try
        {
            return HeaderCodec.Encode(headers);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static long Weigh(IReadOnlyList<StoreUnit> units)
    {
        long bytes = 0;
        foreach (var unit in units)
        {
            foreach (var put in unit.Puts)
            {
                bytes += put.Message.Body.Length;
            }
            foreach (var document in unit.Documents)
            {
                bytes += document.Content.Length;
            }
        }
        return bytes;
    }
}
