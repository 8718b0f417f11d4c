using System.Text.Json.Nodes;
using Celeriac.Messaging;

namespace Celeriac.Control.Commands;

/// <summary>The settings of routing by Celery's names, as <c>inspect conf</c> shows them: what was not set is left out, or null.</summary>
internal static class RoutingConfiguration
{
    public static void Add(JsonObject settings, CeleriacOptions options, bool withDefaults)
    {
        Add("task_routes", options.TaskRoutes.IsEmpty ? null : Routes(options.TaskRoutes));
        Add("task_queues", options.TaskQueues.Count == 0 ? null : new JsonObject(options.TaskQueues.Select(queue => KeyValuePair.Create(queue.Name, (JsonNode?)Queue(queue)))));
        Add("task_create_missing_queues", options.CreateMissingQueues ? null : false, true);
        Add("task_create_missing_queue_type", NameOf(options.CreateMissingQueueType));
        Add("task_default_queue_type", NameOf(options.DefaultQueueType));
        Add("task_default_exchange", options.DefaultExchange);
        Add("task_default_exchange_type", options.DefaultExchangeType == ExchangeType.Direct ? null : NameOf<ExchangeType>(options.DefaultExchangeType), "direct");
        Add("task_default_routing_key", options.DefaultRoutingKey);
        Add("task_default_priority", options.DefaultPriority);
        Add("task_queue_max_priority", options.QueueMaxPriority);
        Add("task_inherit_parent_priority", options.InheritParentPriority ? true : null, false);

        void Add(string name, JsonNode? set, JsonNode? ordinary = null)
        {
            if (set is not null || withDefaults)
            {
                settings[name] = set ?? ordinary;
            }
        }
    }

    private static JsonArray Routes(TaskRoutes routes) => [.. routes.Shown.Select(route => (JsonNode?)With(("task", route.Task), ("queue", route.Route?.Queue), ("exchange", route.Route?.Exchange), ("routing_key", route.Route?.RoutingKey), ("priority", route.Route?.Priority)))];

    private static JsonObject Queue(TaskQueue queue) => With(
        ("exchange", queue.Exchange), ("exchange_type", NameOf(queue.ExchangeType)), ("routing_key", queue.RoutingKey),
        ("bindings", queue.Bindings.Count == 0 ? null : new JsonArray([.. queue.Bindings.Select(binding => (JsonNode?)With(("exchange", binding.Exchange), ("exchange_type", NameOf<ExchangeType>(binding.ExchangeType)), ("routing_key", binding.RoutingKey)))])),
        ("max_priority", queue.MaxPriority), ("type", NameOf(queue.Type)), ("message_ttl", queue.MessageTimeToLive?.TotalSeconds), ("expires", queue.Expires?.TotalSeconds),
        ("broadcast", queue.IsBroadcast ? true : null));

    private static JsonObject With(params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var shown = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (value is not null)
            {
                shown[name] = value;
            }
        }
        return shown;
    }

    private static string? NameOf<T>(T? value) where T : struct, Enum => value?.ToString().ToLowerInvariant();
}
