using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Control.Commands;

/// <summary>The queues that the worker consumes.</summary>
internal static class QueueCommands
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Inspect("active_queues", call => new JsonArray([.. call.Worker.State.Intake.Queues.Select(queue => (JsonNode?)Told(queue, call.Worker.State.Intake.IsPaused(queue)))])),
        new("add_consumer", false, AddAsync),
        ControlCommand.Change("cancel_consumer", Cancel),
    ];

    /// <summary>Declares the queue first: one that the broker refuses must not end what the worker consumes already.</summary>
    private static async ValueTask<JsonNode?> AddAsync(ControlCall call)
    {
        var queue = call.RequireText("queue");
        var (exchange, type) = (call.Text("exchange"), call.Text("exchange_type") ?? "direct");
        using var patience = new CancellationTokenSource(s_patience);
        await call.Worker.Client.Queues.EnsureAsync(queue, patience.Token).ConfigureAwait(false);
        if (!string.IsNullOrEmpty(exchange) && (exchange != queue || type != "direct"))
        {
            await call.Worker.Client.Transport.DeclareAsync(new Topology
            {
                Exchanges = [new ExchangeDeclaration(exchange, TypeOf(type))],
                Queues = [new QueueDeclaration(queue)],
                Bindings = [new Binding(exchange, queue, call.Text("routing_key") ?? queue)],
            }, patience.Token).ConfigureAwait(false);
        }
        if (call.Worker.State.Intake.Add(queue))
        {
            Log.ConsumerAdded(call.Worker.Log, call.Worker.Node, queue);
        }
        return ControlCall.Ok($"add consumer {queue}");
    }

    private static JsonNode Cancel(ControlCall call)
    {
        var queue = call.RequireText("queue");
        if (call.Worker.State.Intake.Remove(queue))
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

    private static JsonObject Told(string queue, bool isPaused)
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
    private static JsonObject Describe(string queue) => new()
    {
        ["name"] = queue,
        ["exchange"] = new JsonObject
        {
            ["name"] = queue,
            ["type"] = "direct",
            ["arguments"] = null,
            ["durable"] = true,
            ["passive"] = false,
            ["auto_delete"] = false,
            ["delivery_mode"] = null,
            ["no_declare"] = false,
        },
        ["routing_key"] = queue,
        ["queue_arguments"] = null,
        ["binding_arguments"] = null,
        ["consumer_arguments"] = null,
        ["durable"] = true,
        ["exclusive"] = false,
        ["auto_delete"] = false,
        ["no_ack"] = false,
        ["alias"] = null,
        ["bindings"] = new JsonArray(),
        ["no_declare"] = null,
        ["expires"] = null,
        ["message_ttl"] = null,
        ["max_length"] = null,
        ["max_length_bytes"] = null,
        ["max_priority"] = null,
    };
}
