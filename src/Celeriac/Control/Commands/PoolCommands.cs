using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Protocol;

namespace Celeriac.Control.Commands;

/// <summary>How many tasks run at once, and the end of the worker.</summary>
internal static class PoolCommands
{
    private const int MostTasks = 100_000;

    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Change("pool_grow", call => Resize(call, +1, "pool will grow")),
        ControlCommand.Change("pool_shrink", call => Resize(call, -1, "pool will shrink")),
        ControlCommand.Change("pool_restart", Restart),
        ControlCommand.Change("autoscale", Autoscale),
        ControlCommand.Change("shutdown", Shutdown),
    ];

    private static JsonNode Autoscale(ControlCall call)
    {
        var autoscaler = call.Worker.State.Autoscaler ?? throw new CeleryException("ValueError", "builtins", "Autoscale not enabled");
        try
        {
            autoscaler.Update(Bound("max"), Bound("min"));
        }
        catch (ArgumentException error)
        {
            throw new CeleryException("ValueError", "builtins", error.Message);
        }
        return ControlCall.Ok($"autoscale now max={autoscaler.Maximum} min={autoscaler.Minimum}");

        int? Bound(string name) => call.Seconds(name) is null ? null : call.Number(name, 0);
    }

    private static JsonNode Resize(ControlCall call, int direction, string answer)
    {
        if (call.Worker.State.Autoscaler is not null)
        {
            // Celery's words.
            return ControlCall.Error($"{call.Method} is not supported with autoscale. Adjust autoscale range instead.");
        }
        var number = call.Number("n", 1);
        var runners = call.Worker.State.Runners ?? throw new CeleryException("ValueError", "builtins", "The worker does not run yet");
        if (number < 1 || (direction > 0 && number > MostTasks - runners.Size))
        {
            throw new CeleryException("ValueError", "builtins", $"n is {number}, but must be 1 or more, for at most {MostTasks} tasks at once");
        }
        if (direction > 0)
        {
            runners.Grow(number);
        }
        else
        {
            runners.Shrink(number);
        }
        call.Worker.State.Pool?.Resize(runners.Size);
        call.Worker.State.Intake.ChangePrefetch(call.Worker.Options.MessagesAheadOf(runners.Size));
        Log.ConcurrencyChanged(call.Worker.Log, call.Worker.Node, runners.Size);
        return ControlCall.Ok(answer);
    }

    /// <summary>Fresh child processes, each after its run. What Python would load anew, modules, needs a new worker here.</summary>
    private static JsonNode Restart(ControlCall call) => call.Worker.State.Pool?.Restart() is true
        ? ControlCall.Ok("reload started")
        : throw new CeleryException("ValueError", "builtins", "Pool restarts not enabled");

    /// <summary>Celery answers nothing: its worker is on its way out.</summary>
    private static JsonNode? Shutdown(ControlCall call)
    {
        Log.ShutdownAsked(call.Worker.Log, call.Worker.Node, TaskMessageDecoder.Shown(call.Text("msg") ?? "Got shutdown from remote"));
        call.IsUnanswered = true;
        call.Worker.Shutdown();
        return null;
    }
}
