using System.Text.Json.Nodes;
using Celeriac;

namespace Snippets;

#region control_command
public static class CacheCommands
{
    [ControlCommand("warm_up")]                             // control warm_up cache=users
    public static async Task<JsonObject> WarmUpAsync(string cache, ControlCommandContext context, int entries = 100, CancellationToken cancellationToken = default)
    {
        await Task.Delay(entries, cancellationToken);
        return new JsonObject { ["ok"] = $"{cache} is warm on {context.Node}" };
    }

    [InspectCommand("cache_names")]                         // only looks
    public static string[] Names() => ["users", "orders"];
}
#endregion
