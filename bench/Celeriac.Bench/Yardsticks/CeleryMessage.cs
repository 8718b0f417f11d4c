using System.Text;
using RabbitMQ.Client;

namespace Celeriac.Bench.Yardsticks;

/// <summary>A message as Celery writes it, for loops without a task layer: 146 bytes of body, sixteen headers.</summary>
internal static class CeleryMessage
{
    public static readonly byte[] Body = Encoding.UTF8.GetBytes(
        """[[1234, 1], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]""".PadRight(146));

    /// <summary>What a reply has in it.</summary>
    public static readonly byte[] Reply = Encoding.UTF8.GetBytes(
        """{"task_id": "01890000-0000-7000-8000-000000000000", "status": "SUCCESS", "result": 1235, "traceback": null, "children": []}""");

    public static BasicProperties Properties(string id, string? replyTo = null) => new()
    {
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        CorrelationId = id,
        ReplyTo = replyTo,
        DeliveryMode = DeliveryModes.Persistent,
        Headers = new Dictionary<string, object?>
        {
            ["lang"] = "py",
            ["task"] = "bench.add",
            ["id"] = id,
            ["shadow"] = null,
            ["eta"] = null,
            ["expires"] = null,
            ["group"] = null,
            ["group_index"] = null,
            ["retries"] = 0,
            ["timelimit"] = new List<object?> { null, null },
            ["root_id"] = id,
            ["parent_id"] = null,
            ["argsrepr"] = "(1234, 1)",
            ["kwargsrepr"] = "{}",
            ["origin"] = "gen1@bench",
            ["ignore_result"] = false,
        },
    };
}
