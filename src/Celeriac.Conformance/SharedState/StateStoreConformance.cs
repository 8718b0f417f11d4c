using System.Diagnostics;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>What unique tasks, limits, revocations and checkpoints may rely on, whatever keeps shared state. A store's test project is a constructor and this base class.</summary>
/// <typeparam name="THarness">Where the facts run.</typeparam>
public abstract partial class StateStoreConformance<THarness> : IAsyncLifetime where THarness : StateStoreHarness, new()
{
    private const int Limit = 120_000;
    private readonly string _kind = $"test-{Guid.NewGuid():N}";
    private IStateStore? _store;
    private IStateStore? _other;

    /// <summary>The place of this fact.</summary>
    protected THarness Harness { get; } = new();

    /// <summary>A client.</summary>
    protected IStateStore Store => _store ??= Harness.Open();

    /// <summary>Another client of the same store.</summary>
    protected IStateStore Other => _other ??= Harness.Open();

    /// <summary>Ends with the test.</summary>
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => Harness.StartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private string Key(string name) => $"{_kind}/{name}";

    private StateChange Put(string name, string content, long? expected = null, TimeSpan? lifetime = null) =>
        new(Key(name), Encoding.UTF8.GetBytes(content)) { ExpectedVersion = expected, Lifetime = lifetime };

    private StateChange Remove(string name, long? expected = null) => new(Key(name), null) { ExpectedVersion = expected };

    private async Task<StateAnswer> WriteAsync(params StateChange[] changes) => await Store.TryWriteAsync(changes, Cancelled);

    private async Task<StateEntry> WrittenAsync(StateChange change)
    {
        var answer = await WriteAsync(change);
        Assert.True(answer.IsWritten);
        return Assert.Single(answer.Present.Entries);
    }

    /// <summary>As the other client sees it.</summary>
    private async Task<StateEntry?> ReadAsync(string name) => (await Other.ReadAsync([Key(name)], Cancelled)).Find(Key(name));

    private async Task<string?> TextAsync(string name) => await ReadAsync(name) is { } entry ? TextOf(entry) : null;

    private static string TextOf(StateEntry entry) => Encoding.UTF8.GetString(entry.Content.Span);

    private async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Harness.Patience, $"This did not come true: {what}.");
            await pause.WaitForNextTickAsync(Cancelled);
        }
    }
}
