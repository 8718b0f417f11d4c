using System.Text.Json.Nodes;

namespace Celeriac.Control.Commands;

/// <summary>The switch of the event stream, the clock, and elections.</summary>
internal static class EventCommands
{
    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Inspect("clock", call => new JsonObject { ["clock"] = call.Worker.Client.Clock.Now }),
        ControlCommand.Change("enable_events", call => ControlCall.Ok(call.Worker.State.Events.EnableTaskEvents() ? "task events enabled" : "task events already enabled")),
        ControlCommand.Change("disable_events", call => ControlCall.Ok(call.Worker.State.Events.DisableTaskEvents() ? "task events disabled" : "task events already disabled")),
        ControlCommand.Change("heartbeat", call =>
        {
            call.Worker.State.Events.Beat();
            return null;
        }),
        // A C# worker acknowledges the elections of others and holds none.
        ControlCommand.Change("election", _ => null),
    ];
}
