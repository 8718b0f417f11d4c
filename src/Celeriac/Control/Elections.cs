using Celeriac.Working;

namespace Celeriac.Control;

/// <summary>
/// Elections of Python workers (CELERY-PROTOCOL section 16): the one who calls one waits for every worker that sends heartbeats, so each is acknowledged.
/// A C# worker never stands for election.
/// </summary>
internal static class Elections
{
    /// <summary>Called for each <c>worker-elect</c> event of another node.</summary>
    public static void OnWorkerElect(WorkerState state, string electionId) => _ = (state, electionId);
}
