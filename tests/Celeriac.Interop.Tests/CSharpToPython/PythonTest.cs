using System.Text.Json;

namespace Celeriac.Interop.Tests.CSharpToPython;

/// <summary>What the tests of C# callers and the Python worker have in common. At the end the worker must have nothing to complain of.</summary>
public abstract class PythonTest(InteropPlace place) : IAsyncLifetime
{
    protected const int Limit = 180_000;
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private TaskClient? _client;
    private PythonWorker? _worker;

    protected TaskClient Client => _client!;

    protected PythonWorker Worker => _worker!;

    protected InteropPlace Place { get; } = place;

    public virtual async ValueTask InitializeAsync()
    {
        _worker = await Place.PythonWorkerAsync();
        _client = TaskClient.Open(new CeleriacOptions { BrokerUrl = Place.Server.AmqpUrl, ResultBackend = "rpc://", DefaultQueue = "py" });
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    protected static Signature<T> Call<T>(string task, string args = "[]", string kwargs = "{}", SendOptions? options = null) => new(task)
    {
        Args = System.Text.Encoding.UTF8.GetBytes(args),
        Kwargs = System.Text.Encoding.UTF8.GetBytes(kwargs),
        Options = options ?? SendOptions.None,
    };

    protected async Task<T> ValueAsync<T>(Signature<T> call) => await (await Client.SendAsync(call)).GetAsync(Patience);

    protected async Task<RemoteTaskException> FailureAsync<T>(Signature<T> call)
    {
        var sent = await Client.SendAsync(call);
        return await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Patience));
    }

    protected Task<JsonElement> SeenAsync(SendOptions? options = null, string args = "[]") => ValueAsync(Call<JsonElement>("py.request", args, options: options));
}
