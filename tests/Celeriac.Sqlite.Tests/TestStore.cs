using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Tests;

/// <summary>A folder of its own for a test, deleted afterwards, and the stores opened on its file.</summary>
public sealed class TestFile : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-sqlite-");
    private readonly List<SqliteQueueStore> _stores = [];

    public string Folder => _folder.FullName;
    public string Path => System.IO.Path.Combine(Folder, "test.db");
    internal RecordingLogs Logs { get; } = new();

    internal SqliteQueueStore Make(string options = "", TimeProvider? time = null)
    {
        var url = BrokerUrl.Parse($"sqlite://{Path}{options}");
        var store = new SqliteQueueStore(SqliteOptions.From(url), new TransportContext { LoggerFactory = Logs, Time = time ?? TimeProvider.System });
        _stores.Add(store);
        return store;
    }

    internal async Task<SqliteQueueStore> OpenAsync(string options = "", TimeProvider? time = null)
    {
        var store = Make(options, time);
        await store.OpenAsync();
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }
        _folder.Delete(recursive: true);
    }
}

/// <summary>The short words in which the tests speak to a store.</summary>
internal static class StoreWords
{
    public const long Now = 1_000_000;

    public static async Task<long> DeclareAsync(this IQueueStore store, string queue = "q", QueueDeclaration? declaration = null)
    {
        var topology = new Topology { Queues = [declaration ?? new QueueDeclaration(queue)] };
        var snapshot = await store.LookupAsync();
        Assert.True(await store.ChangeTopologyAsync(snapshot.Version, new TopologyChange { Add = topology }));
        return (await store.LookupAsync()).Queues.Single(stored => stored.Declaration.Name == (declaration?.Name ?? queue)).Id;
    }

    public static StorePut Put(long queue, string body, byte priority = 0, long due = 0, long expiresAt = 0) =>
        new(queue, new Message { Body = Encoding.UTF8.GetBytes(body) }, "", "q") { Priority = priority, Due = due, ExpiresAt = expiresAt };

    public static StorePut Put(long queue, int bytes) => new(queue, new Message { Body = new byte[bytes] }, "", "q");

    public static ValueTask<long> RegisterAsync(this IQueueStore store, string name, long[] queues) => store.RegisterHolderAsync(name, TimeSpan.FromSeconds(10), queues);

    public static async Task<UnitAnswer> CommitAsync(this IQueueStore store, StoreUnit unit) => (await store.CommitAsync([unit]))[0];

    public static async Task PutAsync(this IQueueStore store, params StorePut[] puts)
    {
        var answer = await store.CommitAsync(new StoreUnit { Puts = puts });
        Assert.Equal(new UnitAnswer(UnitStatus.Applied), answer);
    }

    public static async Task<IReadOnlyList<TakenMessage>> TakeAsync(this IQueueStore store, long holder, long queue, int atMost = 100, long now = Now) =>
        (await store.TakeAsync(new TakeRequest(holder, [queue], atMost, now))).Messages;

    public static async Task<UnitStatus> EndAsync(this IQueueStore store, TakenMessage message, ClaimEnd end = ClaimEnd.Remove) =>
        (await store.CommitAsync(new StoreUnit { Claim = message.Claim, End = end })).Status;

    public static string[] Bodies(this IEnumerable<TakenMessage> messages) => [.. messages.Select(message => Encoding.UTF8.GetString(message.Message.Body.Span))];

    public static Document Document(string key, string content, bool isFinal = false, DateTimeOffset? expiresAt = null) =>
        new(key, Encoding.UTF8.GetBytes(content)) { IsFinal = isFinal, ExpiresAt = expiresAt };

    public static async Task<string[]> ReadTextsAsync(this IQueueStore store, params string[] keys) =>
        [.. (await store.ReadAsync(keys)).Select(document => Encoding.UTF8.GetString(document.Content.Span))];
}

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordingLogs : ILoggerFactory, ILogger
{
    private readonly Lock _gate = new();
    private readonly List<(int Id, string Text)> _entries = [];
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Of(int id)
    {
        lock (_gate)
        {
            return [.. _entries.Where(entry => entry.Id == id).Select(entry => entry.Text)];
        }
    }

    /// <summary>Returns when an event was logged so many times.</summary>
    public async Task WaitForAsync(int id, int times = 1)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                next = _next.Task;
            }
            if (Of(id).Count >= times)
            {
                return;
            }
            await next.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public ILogger CreateLogger(string categoryName) => this;
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();
    public bool IsEnabled(LogLevel logLevel) => true;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            _entries.Add((eventId.Id, formatter(state, exception)));
            _next.SetResult();
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>A clock that stands still until it is moved; its timers never fire.</summary>
internal sealed class SetClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;
    public override DateTimeOffset GetUtcNow() => Now;
}
