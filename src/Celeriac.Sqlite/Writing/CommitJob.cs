using Celeriac.Messaging.Stores;

namespace Celeriac.Sqlite.Writing;

/// <summary>Units of one caller.</summary>
internal sealed class CommitJob(IReadOnlyList<StoreUnit> units) : WriteJob<IReadOnlyList<UnitAnswer>>(session => Apply(session, units))
{
    /// <inheritdoc/>
    public override long Weight { get; } = Weigh(units);

    /// <inheritdoc/>
    public override void ExecuteAlone(WriteSession session)
    {
        // Each unit in its own transaction: a full disk may end a transaction by itself, and must then take nothing else with it.
        var answers = new UnitAnswer[units.Count];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = ApplyAlone(session, units[index]);
        }
        Answer = answers;
    }

    private static UnitAnswer[] Apply(WriteSession session, IReadOnlyList<StoreUnit> units)
    {
        var answers = new UnitAnswer[units.Count];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = new UnitAnswer(session.Units.Apply(units[index]));
        }
        return answers;
    }

    private static UnitAnswer ApplyAlone(WriteSession session, StoreUnit unit)
    {
        try
        {
            var status = UnitStatus.Failed;
            session.InTransaction((inner, one) => status = inner.Units.Apply(one), unit);
            return new UnitAnswer(status);
        }
        catch (Exception error)
        {
            return new UnitAnswer(UnitStatus.Failed, session.Translate(error));
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
