using System.Text.Json;

namespace Celeriac.Interop.Tests;

/// <summary>What interop tests have in common.</summary>
public abstract class InteropTest(InteropPlace place, PythonClient python) : IClassFixture<PythonClient>
{
    /// <summary>How many milliseconds a fact may take.</summary>
    protected const int Limit = 180_000;

    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected InteropPlace Place { get; } = place;

    protected PythonClient Python { get; } = python;

    /// <summary>Fails unless a condition comes true in time.</summary>
    protected static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Not within {Patience.TotalSeconds:0} s: {what}");
            await pause.WaitForNextTickAsync(Cancelled);
        }
    }

    /// <summary>JSON without the differences that mean nothing: white space and escapes.</summary>
    protected static string Plain(JsonElement element) => JsonSerializer.Serialize(element);
}
