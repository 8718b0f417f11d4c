using System.Reflection;
using System.Threading.Channels;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Tests;

/// <summary>What the keeper of leases tells of a store that goes and comes; it is the same one on PostgreSQL, Redis and SQLite.</summary>
public sealed class LeaseKeeperTests
{
    [Fact]
    public async Task An_outage_is_told_of_once_however_many_turns_it_lasts_and_so_is_its_end()
    {
        var logs = new EventIds();
        var store = GoingStore.Over(new MemoryQueueStore(TimeProvider.System));
        await using var transport = new StoreTransport(BrokerUrl.Parse("memory://leases?lease=200ms"), (IQueueStore)(object)store, new TransportContext { LoggerFactory = logs });
        await transport.DeclareAsync(Topology.Queue("q"), TestContext.Current.CancellationToken);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions(["q"]), TestContext.Current.CancellationToken);
        for (var outage = 0; outage < 2; outage++)
        {
            store.IsAway = true;
            await store.TurnsAsync(4);
            store.IsAway = false;
            await store.TurnsAsync(3);
        }
        Assert.Equal([1001, 1004, 1001, 1004], logs.Seen);
    }

    /// <summary>A store whose beats fail while it is away.</summary>
    public class GoingStore : DispatchProxy
    {
        private readonly Channel<bool> _turns = Channel.CreateUnbounded<bool>();
        private IQueueStore _store = null!;

        public bool IsAway { get; set; }

        public static GoingStore Over(IQueueStore store)
        {
            var going = (GoingStore)(object)Create<IQueueStore, GoingStore>();
            going._store = store;
            return going;
        }

        /// <summary>Returns when so many more turns have begun.</summary>
        public async Task TurnsAsync(int count)
        {
            while (_turns.Reader.TryRead(out _))
            {
            }
            for (var turn = 0; turn < count; turn++)
            {
                await _turns.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            }
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name != nameof(IQueueStore.Beat))
            {
                return targetMethod.Invoke(_store, args);
            }
            _turns.Writer.TryWrite(true);
            return IsAway ? throw new TransportException("The store is away.") : targetMethod.Invoke(_store, args);
        }
    }

    private sealed class EventIds : ILoggerFactory, ILogger
    {
        private readonly Lock _lock = new();
        private readonly List<int> _seen = [];

        public int[] Seen
        {
            get
            {
                lock (_lock)
                {
                    return [.. _seen];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lock)
            {
                _seen.Add(eventId.Id);
            }
        }

        public void Dispose()
        {
        }
    }
}
