using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Envelopes;
using Celeriac.Redis.Broker.Scripts;
using Celeriac.Redis.Connecting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// Restores what a Python worker took and let lie for longer than the visibility timeout, as Python workers do for each other and for us. Each message is put back by one
/// script that only the first of several gets to run, so that Kombu's mutex is not needed.
/// </summary>
internal sealed class UnackedRestore(RedisConnection connection, BrokerKeys keys, RedisBrokerOptions options, RedisValue[] names, ILogger log)
{
    public void Run(RedisTopology topology, long now)
    {
        var latest = (now - options.VisibilityTimeout.TotalMilliseconds) / 1000;
        var tags = connection.Call(redis => redis.SortedSetRangeByScore(keys.UnackedIndex, double.NegativeInfinity, latest, take: options.RestoreLimit));
        var restored = 0;
        foreach (var tag in tags)
        {
            restored += Restore(topology, tag) ? 1 : 0;
        }
        if (restored > 0)
        {
            Log.Restored(log, restored, options.VisibilityTimeout);
        }
    }

    private bool Restore(RedisTopology topology, RedisValue tag)
    {
        var record = (byte[]?)connection.Call(redis => redis.HashGet(keys.Unacked, tag));
        if (record is null)
        {
            connection.Call(redis => redis.SortedSetRemove(keys.UnackedIndex, tag));
            return false;
        }
        // Where nobody knows its queue any more it stays: Kombu would drop it.
        return Read(record) is var (raw, exchange, routingKey) && ListOf(topology, raw, exchange, routingKey) is { } list
            && (int)connection.Call(redis => redis.ScriptEvaluate(MessageScripts.Restore, null, [.. names, tag, list, raw])) == 1;
    }

    private string? ListOf(RedisTopology topology, byte[] raw, string exchange, string routingKey)
    {
        if (exchange.Length == 0)
        {
            // Ours names the list itself, step and all.
            return options.Prefix + routingKey;
        }
        var step = keys.StepOf(Envelope.Read(raw).Message.Priority);
        var bound = topology.Snapshot.Bindings.FirstOrDefault(binding => binding.Exchange == exchange && binding.RoutingKey == routingKey)?.Queue.TrimStart('\u0001');
        bound ??= connection.Call(redis => redis.SetMembers(keys.Bindings(exchange))).Select(member => ((string)member!).Split(options.Separator))
            .FirstOrDefault(parts => parts.Length == 3 && parts[0] == routingKey)?[2];
        return bound is null ? null : keys.List(bound, step);
    }

    /// <summary>Message, exchange, routing key; the message as it stands, byte for byte.</summary>
    private static (byte[] Raw, string Exchange, string RoutingKey)? Read(byte[] record)
    {
        try
        {
            using var document = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 2 * HeaderCodec.MaximumDepth + 1 });
            var parts = document.RootElement;
            return (Encoding.UTF8.GetBytes(parts[0].GetRawText()), parts[1].GetString() ?? "", parts[2].GetString() ?? "");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
