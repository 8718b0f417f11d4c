using Xunit;

namespace Celeriac.Brokers;

/// <summary>
/// One broker for a whole test assembly, named as its <c>AssemblyFixture</c> and injected into the classes that use it. Where the broker is not
/// installed, a test that asks for it is skipped on a desk and fails when <c>CI=true</c>.
/// </summary>
public abstract class BrokerFixture<TServer> : IAsyncLifetime where TServer : BrokerServer
{
    private readonly Func<Task<TServer>> _start;
    private TServer? _server;
    private BrokerNotInstalledException? _missing;

    /// <param name="start">Starts the server.</param>
    protected BrokerFixture(Func<Task<TServer>> start) => _start = start;

    /// <summary>The running server.</summary>
    public TServer Server
    {
        get
        {
            if (_missing is not null && Environment.GetEnvironmentVariable("CI") != "true")
            {
                Assert.Skip(_missing.Message);
            }
            return _server ?? throw (Exception?)_missing ?? new InvalidOperationException($"{GetType().Name} is not started. Name it as an AssemblyFixture.");
        }
    }

    /// <summary>Starts the server.</summary>
    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await _start();
        }
        catch (BrokerNotInstalledException missing)
        {
            _missing = missing;
        }
    }

    /// <summary>Ends the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }
}
