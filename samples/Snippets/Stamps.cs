using Celeriac;
using Celeriac.Messaging;

namespace Snippets.Stamps;

#region visitor
public sealed class TenantStamps(string tenant) : StampingVisitor
{
    public override MessageHeaders? OnSignature(Signature signature, MessageHeaders stamps) =>
        MessageHeaders.Empty.With("tenant", tenant);
}
#endregion

public static class StampedWorkflows
{
    public static async Task StampAsync(TaskClient client, Signature<int> workflow)
    {
        #region stamps
        await workflow.Stamp("customer", "acme").DelayAsync();
        await workflow.Stamp(new TenantStamps("acme")).DelayAsync();
        await client.Control.RevokeByStampedHeadersAsync(new Dictionary<string, IReadOnlyList<string>> { ["customer"] = ["acme"] });
        #endregion
    }

    public static async Task DrawAsync(Signature<int> workflow)
    {
        #region pictures
        Console.Write(WorkflowTree.Of(workflow));               // as it is written
        var sent = await workflow.DelayAsync();
        Console.Write(await sent.ReadTreeAsync());              // as it runs, with states
        #endregion
    }
}
