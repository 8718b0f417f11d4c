using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Celeriac.Control.Commands;

namespace Celeriac.Control;

/// <summary>The commands that a worker obeys: Celery's (CELERY-PROTOCOL section 15.3), those of the program, and which of them are switched off.</summary>
internal sealed class ControlCommands(WorkerOptions options)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Celery's commands, by name.</summary>
    private static readonly FrozenDictionary<string, ControlCommand> s_builtIn =
        new[] { TaskInspection.Commands, WorkerInspection.Commands, Revoking.Commands, Limits.Commands, EventCommands.Commands, PoolCommands.Commands, QueueCommands.Commands, Mingle.Commands }
            .SelectMany(commands => commands)
            .SelectMany(command => command.Alias is { } alias ? new[] { KeyValuePair.Create(alias, command), KeyValuePair.Create(command.Name, command) } : [KeyValuePair.Create(command.Name, command)])
            .ToFrozenDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private readonly string[] _allowed = [.. options.ControlCommands];
    private readonly Dictionary<string, ControlCommandHandler> _own = new(options.OwnControlCommands, StringComparer.Ordinal);

    /// <summary>Runs a command and answers its reply's value.</summary>
    /// <exception cref="CeleryException">There is no such command, it is switched off, or its arguments are wrong.</exception>
    public async ValueTask<JsonNode?> RunAsync(ControlCall call, CancellationToken stop)
    {
        if (_own.TryGetValue(call.Method, out var handler))
        {
            RequireAllowed(call.Method, options.OwnInspectHandlers.Contains(handler) ? "inspect" : "control");
            return await RunAsync(handler, call, stop).ConfigureAwait(false);
        }
        if (!s_builtIn.TryGetValue(call.Method, out var command))
        {
            throw new CeleryException("KeyError", "builtins", call.Method);
        }
        RequireAllowed(command.Name, command.IsInspect ? "inspect" : "control");
        return await command.Run(call).ConfigureAwait(false);
    }

    private static async ValueTask<JsonNode?> RunAsync(ControlCommandHandler handler, ControlCall call, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ending.CancelAfter(s_patience);
        var worker = call.Worker;
        return await handler(new ControlCommandContext(worker.Node, call.Method, call.Arguments, worker.Services), ending.Token)
            .AsTask().WaitAsync(ending.Token).ConfigureAwait(false);
    }

    private void RequireAllowed(string command, string kind)
    {
        if (!_allowed.Any(allowed => allowed == "*" || allowed == kind || allowed == command))
        {
            throw new CeleryException("PermissionError", "builtins", $"Command '{command}' is switched off on this worker (worker_control_commands).");
        }
    }
}
