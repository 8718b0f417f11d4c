using Celeriac;
using Celeriac.Messaging;
using Celeriac.Postgres;
using Celeriac.Postgres.PythonResults;

[assembly: ResultStore("db+postgresql", typeof(PythonResultStoreFactory))]

namespace Celeriac.Postgres;

/// <summary>
/// Makes result stores in the table <c>celery_taskmeta</c> of Python's database backend, for fleets that share results with it. The URL is Celery's own
/// <c>result_backend</c>: <c>db+postgresql://user:password@host:5432/database</c>. Results are Python pickles of plain values; anything else in a pickle is
/// refused, never run. Without Python use <c>postgres://</c>, which keeps more and writes JSON.
/// </summary>
/// <remarks>
/// Options: <c>schema</c> (default <c>public</c>), <c>migrate</c> (false: the table is not made), and those of <see cref="PostgresTransportFactory"/> for
/// connecting. The table has no place for children, group, parent and stamps. Groups that Python has saved are not read.
/// </remarks>
public sealed class PythonResultStoreFactory : IResultStoreFactory
{
    /// <inheritdoc/>
    public IResultStore Create(BrokerUrl url, ResultStoreContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        return new PythonResultStore(PostgresOptions.From(url, defaultSchema: "public"), context);
    }
}
