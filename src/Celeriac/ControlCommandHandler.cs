using System.Text.Json;
using System.Text.Json.Nodes;

namespace Celeriac;

/// <summary>
/// A remote control command of your own. Commands run one after another beside the tasks, so it must be quick. What it answers becomes the node's reply, by
/// Celery's custom an object with <c>ok</c> or <c>error</c>, or plain data; an exception is answered as an error.
/// </summary>
/// <param name="context">What was asked of which node.</param>
/// <param name="cancellationToken">Fires when the worker stops, or when the command takes longer than 30 seconds.</param>
public delegate ValueTask<JsonNode?> ControlCommandHandler(ControlCommandContext context, CancellationToken cancellationToken);

/// <summary>What a remote control command of your own gets.</summary>
/// <param name="Node">The worker's node name.</param>
/// <param name="Command">The command's name.</param>
/// <param name="Arguments">The arguments, an object. Ignore names that you do not know: callers of other versions may send more.</param>
/// <param name="Services">The worker's services; null for none.</param>
public sealed record ControlCommandContext(string Node, string Command, JsonElement Arguments, IServiceProvider? Services);
