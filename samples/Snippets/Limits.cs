using Celeriac;

namespace Snippets.Limits;

#region limits
public static partial class Reports
{
    // Ten a minute of each tenant's, and three at once of each host's, over all workers together.
    [Task("reports.fetch", RateLimit = "10/m", RateLimitScope = LimitScope.Cluster, RateLimitBy = ["tenant"], ConcurrencyLimit = 3, ConcurrencyBy = ["host"])]
    public static async Task FetchAsync(string tenant, string host) => await Task.Yield();

    // For an hour of maintenance: nothing more of the queue is begun, also by workers that start meanwhile.
    public static async Task MaintainAsync(TaskClient client)
    {
        await client.Control.PauseAsync("reports");
        await client.Control.ResumeAsync("reports");
    }
}
#endregion
