using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Redis.Tests;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Celeriac.Redis.Tests;

/// <summary>The server that all tests share which do not stop it.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private static RedisServer? s_server;
    private static BrokerNotInstalledException? s_missing;

    /// <summary>The server; where Redis is not installed, the test is skipped on a desk and fails when <c>CI=true</c>.</summary>
    public static RedisServer Server
    {
        get
        {
            if (s_missing is { } missing && Environment.GetEnvironmentVariable("CI") != "true")
            {
                Assert.Skip(missing.Message);
            }
            return s_server ?? throw s_missing!;
        }
    }

    /// <summary>Registers what generated code registers in an application.</summary>
    public static void Register()
    {
        foreach (var scheme in new[] { "redis", "rediss", "redis+socket" })
        {
            ResultStores.Add(scheme, new RedisResultStoreFactory());
            Transports.Add(scheme, new RedisTransportFactory());
        }
    }

    public async ValueTask InitializeAsync()
    {
        Register();
        try
        {
            // The file is written before each answer, so that a killed server loses nothing; only a power failure would.
            s_server = await RedisServer.StartAsync(new Brokers.RedisOptions { Tls = true, ExtraConfiguration = "appendfsync everysec" });
        }
        catch (BrokerNotInstalledException missing)
        {
            s_missing = missing;
        }
    }

    public ValueTask DisposeAsync() => s_server?.DisposeAsync() ?? default;
}
