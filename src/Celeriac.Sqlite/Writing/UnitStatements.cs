using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>Applies one unit. What can refuse it is looked at before anything is written, so that a refused unit needs no savepoint.</summary>
internal sealed class UnitStatements(WriteSession session, Database database)
{
    private readonly Statement _queueExists = database.Prepare("SELECT 1 FROM queues WHERE id = ?");

    /// <summary>Writes the unit, or answers why nothing of it was written.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="headers">The encoded headers of its messages.</param>
    public UnitStatus Apply(StoreUnit unit, byte[]?[] headers)
    {
        if (!IsRoutedWell(unit))
        {
            return UnitStatus.StaleTopology;
        }
        if (unit.Claim is { } claim && !session.Messages.End(claim, unit.End))
        {
            return UnitStatus.Lost;
        }
        for (var index = 0; index < headers.Length; index++)
        {
            session.Messages.Put(unit.Puts[index], headers[index]);
        }
        foreach (var document in unit.Documents)
        {
            session.Documents.Write(document);
        }
        if (unit.Puts.Count > 0 || unit.Documents.Count > 0 || (unit.Claim is not null && unit.End == ClaimEnd.Return))
        {
            session.AddNews();
        }
        return UnitStatus.Applied;
    }

    // A message in a queue that is gone would never be seen again. The version says that none is; without one each queue is looked up.
    private bool IsRoutedWell(StoreUnit unit)
    {
        if (unit.TopologyVersion is { } version)
        {
            return version == session.TopologyVersion;
        }
        foreach (var put in unit.Puts)
        {
            if (!_queueExists.With(put.QueueId).HasRow())
            {
                return false;
            }
        }
        return true;
    }
}
