using System.Text.Json.Nodes;
using Celeriac;

namespace Snippets;

#region control_command
public static class CacheCommands
{
    [ControlCommand("warm_up")]                             // control warm_up cache=users
    public static async Task<JsonObject> WarmUpAsync(string cache, ControlCommandContext context, int entries = 100, CancellationToken cancellation = default)
    {
        await Caches.LoadAsync(cache, entries, cancellation);
        return new JsonObject { ["ok"] = $"{cache} is warm on {context.Node}" };
    }

    [InspectCommand("cache_names")]                         // only looks
    public static string[] Names() => Caches.Names;
}
#endregion

internal static class Caches
{
    public static string[] Names { get; } = ["users", "orders"];

    public static Task LoadAsync(string cache, int entries, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Names.Contains(cache) && entries > 0 ? Task.CompletedTask : throw new ArgumentException($"There is no cache '{cache}'.", nameof(cache));
    }
}
