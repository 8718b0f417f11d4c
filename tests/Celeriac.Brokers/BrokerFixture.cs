using Xunit;

namespace Celeriac.Brokers;

/// <summary>
/// One broker for a whole test assembly, started by the first test that asks. Where the broker is not installed, a test is skipped on a desk
/// and fails when <c>CI=true</c>.
/// </summary>
public abstract class BrokerFixture<TServer> : IAsyncDisposable where TServer : BrokerServer
{
    private readonly Lazy<Task<TServer>> _server;

    private protected BrokerFixture(Func<Task<TServer>> start) => _server = new Lazy<Task<TServer>>(start);

    /// <summary>The running server.</summary>
    public async Task<TServer> ServerAsync()
    {
        try
        {
            return await _server.Value;
        }
        catch (BrokerNotInstalledException missing) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(missing.Message);
            throw;
        }
    }

    /// <summary>Ends the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _server.Value).DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }
}
