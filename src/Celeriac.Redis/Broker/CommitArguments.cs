using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Envelopes;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>Units of work as arguments of the script that commits them.</summary>
internal sealed class CommitArguments(RedisTopology? topology, BrokerKeys keys)
{
    private readonly List<RedisValue> _units = [];
    private readonly HashSet<string> _exchanges = new(StringComparer.Ordinal);

    public IEnumerable<RedisValue> Of(IReadOnlyList<StoreUnit> units)
    {
        foreach (var unit in units)
        {
            Add(unit);
        }
        var digests = _exchanges.Where(exchange => topology?.Digests.ContainsKey(exchange) == true)
            .SelectMany(exchange => new RedisValue[] { keys.Bindings(exchange), topology!.Digests[exchange] }).ToList();
        return [topology?.Registered ?? "", digests.Count / 2, .. digests, units.Count, .. _units];
    }

    private void Add(StoreUnit unit)
    {
        var steps = new List<RedisValue>();
        foreach (var put in unit.Puts)
        {
            AddPut(steps, put);
        }
        foreach (var publication in unit.Published)
        {
            AddPublished(steps, publication);
        }
        _units.Add(unit.TopologyVersion is null ? "0" : "1");
        _units.Add(unit.Claim is null ? "" : unit.End == ClaimEnd.Remove ? "remove" : "return");
        _units.Add(unit.Claim?.Holder ?? 0);
        _units.Add(unit.Claim?.Tag ?? 0);
        _units.Add(steps.Count / 4);
        _units.AddRange(steps);
    }

    private void AddPut(List<RedisValue> steps, StorePut put)
    {
        // The version was checked, so the queue is there.
        var name = topology!.NameOf(put.QueueId)!;
        if (topology.Types.GetValueOrDefault(put.Exchange) == ExchangeType.Fanout && !topology.Hears(name, put.Exchange, put.RoutingKey))
        {
            return;
        }
        var raw = EnvelopeWriter.Write(put.Message, put.Exchange, put.RoutingKey, put.ExpiresAt, isStored: false);
        var step = keys.StepOf(put.Message.Priority);
        if (put.Due > 0)
        {
            steps.AddRange(["Z", name, put.Due, Delayed(step, raw)]);
        }
        else
        {
            steps.AddRange(["L", keys.List(name, step), raw, ""]);
        }
        if (put.ExpiresAt > 0)
        {
            steps.AddRange(["E", name, "", ""]);
        }
    }

    private void AddPublished(List<RedisValue> steps, Publication publication)
    {
        if (publication.Exchange.Length == 0)
        {
            // No queue of ours or of an exchange: a Python client may wait for its reply in a list that it never declared. Anything else is dropped, as asked for.
            var message = publication.Message;
            if (message.CorrelationId is null || message.Headers.Contains("task"))
            {
                return;
            }
            steps.AddRange(["R", keys.List(publication.RoutingKey, 0), EnvelopeWriter.Write(message, "", publication.RoutingKey, 0, isStored: false), ""]);
            return;
        }
        _exchanges.Add(publication.Exchange);
        if (topology?.Types.GetValueOrDefault(publication.Exchange) == ExchangeType.Fanout)
        {
            var raw = EnvelopeWriter.Write(publication.Message, publication.Exchange, publication.RoutingKey, 0, isStored: true);
            steps.AddRange(["P", keys.Channel(publication.Exchange, publication.RoutingKey), raw, ""]);
        }
    }

    private static byte[] Delayed(byte step, byte[] raw) => [(byte)('0' + step), .. raw];
}
