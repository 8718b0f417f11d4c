using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Redis.Broker.Envelopes;
using Celeriac.Redis.Broker.Scripts;
using Celeriac.Redis.Connecting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// Kombu's fanout exchanges are channels: who does not listen hears nothing. This listens for the queues that this process consumes and puts what others publish into their
/// lists, once for each queue. What our own clients publish stands there already and is passed over.
/// </summary>
internal sealed class FanoutBridge(RedisConnection connection, BrokerKeys keys, RedisValue[] names, ILogger log) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _queues = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _listening = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1, 1);
    private volatile RedisTopology? _topology;
    private volatile bool _isDisposed;

    /// <summary>Listens to the fanout exchanges to which these queues are bound.</summary>
    public async ValueTask ListenAsync(RedisTopology topology, HashSet<long> queueIds, CancellationToken cancellationToken)
    {
        _topology = topology;
        var served = queueIds.Select(topology.NameOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var wanted = topology.Snapshot.Bindings.Where(binding => topology.Types.GetValueOrDefault(binding.Exchange) == ExchangeType.Fanout && served.Contains(binding.Queue))
            .GroupBy(binding => binding.Exchange, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Select(binding => binding.Queue).Distinct().ToList(), StringComparer.Ordinal);
        foreach (var (exchange, queues) in wanted)
        {
            _queues[exchange] = queues;
        }
        foreach (var exchange in _queues.Keys.Where(exchange => !wanted.ContainsKey(exchange)))
        {
            _queues[exchange] = [];
        }
        if (wanted.Keys.All(_listening.ContainsKey))
        {
            return;
        }
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var exchange in wanted.Keys.Where(exchange => !_listening.ContainsKey(exchange)))
            {
                await SubscribeAsync(exchange, cancellationToken).ConfigureAwait(false);
                _listening[exchange] = true;
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return ValueTask.CompletedTask;
    }

    private Task<bool> SubscribeAsync(string exchange, CancellationToken cancellationToken) => connection.CallAsync(
        async redis =>
        {
            var subscriber = redis.GetSubscriber();
            foreach (var channel in new[] { RedisChannel.Literal(keys.Channel(exchange, "")), RedisChannel.Pattern(keys.ChannelPattern(exchange)) })
            {
                // A try whose answer was lost may listen already: nobody shall listen twice.
                await subscriber.UnsubscribeAsync(channel).ConfigureAwait(false);
                await subscriber.SubscribeAsync(channel, (_, value) => Heard(exchange, value)).ConfigureAwait(false);
            }
            return true;
        }, cancellationToken);

    private void Heard(string exchange, RedisValue value)
    {
        if (_isDisposed || (byte[]?)value is not { } raw || Envelope.Read(raw) is not { IsStored: false, Tag.Length: > 0 } envelope)
        {
            return;
        }
        foreach (var queue in _queues.GetValueOrDefault(exchange) ?? [])
        {
            if (_topology?.Hears(queue, exchange, envelope.RoutingKey) != false)
            {
                _ = PutAsync(queue, envelope, raw);
            }
        }
    }

    private async Task PutAsync(string queue, Envelope envelope, byte[] raw)
    {
        try
        {
            RedisValue[] arguments = [.. names, $"{queue}:{envelope.Tag}", keys.List(queue, keys.StepOf(envelope.Message.Priority)), raw];
            await connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(MessageScripts.Heard, null, arguments), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or ObjectDisposedException)
        {
            Log.Unheard(log, queue, error.Message);
        }
    }
}
