using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Sending;

namespace Celeriac.Control.Commands;

/// <summary>The queues that the worker consumes.</summary>
internal static class QueueCommands
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Inspect("active_queues", call => new JsonArray([.. call.Worker.State.Intake.Queues.Select(queue => (JsonNode?)Told(call.Worker.Client.Queues.Definitions.Find(queue), call.Worker.State.Intake.IsPaused(queue)))])),
        new("add_consumer", false, AddAsync),
        ControlCommand.Change("cancel_consumer", Cancel),
    ];

    /// <summary>Declares the queue first: one that the broker refuses must not end what the worker consumes already.</summary>
    private static async ValueTask<JsonNode?> AddAsync(ControlCall call)
    {
        var queue = call.RequireText("queue");
        var (exchange, type) = (call.Text("exchange"), call.Text("exchange_type") ?? "direct");
        using var patience = new CancellationTokenSource(s_patience);
        var queues = call.Worker.Client.Queues;
        // As in Celery: a queue of the options stays what it is there, and one that is not may be added here even where none is created by sending.
        queues.Definitions.Add(new TaskQueue(queue) { Exchange = string.IsNullOrEmpty(exchange) ? queue : exchange, ExchangeType = TypeOf(type), RoutingKey = call.Text("routing_key") ?? queue });
        var consumed = call.Worker.State.Intake.Queues.FirstOrDefault(known => TaskQueues.NameOf(known) == queue) ?? queues.Definitions.ForWorker(queue);
        await queues.EnsureAsync(consumed, patience.Token).ConfigureAwait(false);
        if (call.Worker.State.Intake.Add(consumed))
        {
            Log.ConsumerAdded(call.Worker.Log, call.Worker.Node, queue);
        }
        return ControlCall.Ok($"add consumer {queue}");
    }

    private static JsonNode Cancel(ControlCall call)
    {
        var queue = call.RequireText("queue");
        if (call.Worker.State.Intake.Queues.FirstOrDefault(known => TaskQueues.NameOf(known) == queue) is { } consumed && call.Worker.State.Intake.Remove(consumed))
        {
            Log.ConsumerCancelled(call.Worker.Log, call.Worker.Node, queue);
        }
        return ControlCall.Ok($"no longer consuming from {queue}");
    }

    private static ExchangeType TypeOf(string type) => type switch
    {
        "direct" => ExchangeType.Direct,
        "fanout" => ExchangeType.Fanout,
        "topic" => ExchangeType.Topic,
        _ => throw new CeleryException("ValueError", "builtins", $"exchange_type is '{type}', but must be direct, fanout or topic"),
    };

    private static JsonObject Told(TaskQueue queue, bool isPaused)
    {
        var told = Describe(queue);
        if (isPaused)
        {
            // Ours, and only where there is something to tell.
            told["paused"] = true;
        }
        return told;
    }

    /// <summary>A queue as Kombu shows it (CELERY-PROTOCOL section 15.6).</summary>
    private static JsonObject Describe(TaskQueue queue) => new()
    {
        ["name"] = queue.Name,
        ["exchange"] = new JsonObject
        {
            ["name"] = queue.Exchange,
            ["type"] = queue.ExchangeType!.Value.ToString().ToLowerInvariant(),
            ["arguments"] = null,
            ["durable"] = true,
            ["passive"] = false,
            ["auto_delete"] = false,
            ["delivery_mode"] = null,
            ["no_declare"] = false,
        },
        ["routing_key"] = queue.RoutingKey,
        ["queue_arguments"] = ArgumentsOf(queue),
        ["binding_arguments"] = null,
        ["consumer_arguments"] = null,
        ["durable"] = true,
        ["exclusive"] = false,
        ["auto_delete"] = QueueDefinitions.IsPart(queue.Name),
        ["no_ack"] = false,
        ["alias"] = QueueDefinitions.IsPart(queue.Name) ? TaskQueues.NameOf(queue.Name) : null,
        ["bindings"] = new JsonArray(),
        ["no_declare"] = null,
        ["expires"] = queue.Expires?.TotalSeconds,
        ["message_ttl"] = queue.MessageTimeToLive?.TotalSeconds,
        ["max_length"] = null,
        ["max_length_bytes"] = null,
        ["max_priority"] = queue.MaxPriority,
    };

    private static JsonObject? ArgumentsOf(TaskQueue queue)
    {
        var arguments = new JsonObject();
        if (queue.Type is { } type)
        {
            arguments["x-queue-type"] = type == QueueType.Quorum ? "quorum" : "classic";
        }
        if (queue.MaxPriority is { } priority)
        {
            arguments["x-max-priority"] = priority;
        }
        return arguments.Count == 0 ? null : arguments;
    }
}
