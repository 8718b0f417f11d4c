using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Writing;

/// <summary>Units of one caller.</summary>
internal sealed class CommitJob(IReadOnlyList<StoreUnit> units, AnswerLine answers) : WriteJob<IReadOnlyList<UnitAnswer>>(answers)
{
    /// <summary>The units.</summary>
    public IReadOnlyList<StoreUnit> Units => units;

    /// <summary>True where it only ends claims: its caller can wait for the truth, because nobody else waits for a claim.</summary>
    public bool EndsClaims { get; } = units.All(unit => unit.Claim is not null);

    /// <inheritdoc/>
    public override long Weight { get; } = units.Sum(unit =>
        unit.Puts.Sum(put => (long)put.Message.Body.Length) + unit.Documents.Sum(document => (long)document.Content.Length));
}

/// <summary>A take of one holder.</summary>
internal sealed class TakeJob(TakeRequest request, AnswerLine answers) : WriteJob<TakeAnswer>(answers)
{
    /// <summary>What is asked for.</summary>
    public TakeRequest Request => request;
}
