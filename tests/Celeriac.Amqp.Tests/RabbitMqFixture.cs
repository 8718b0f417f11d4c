using Celeriac.Amqp.Tests;
using Celeriac.Brokers;
using Celeriac.Messaging;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Celeriac.Amqp.Tests;

/// <summary>The server that all tests share which do not stop it.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private static RabbitMqServer? s_server;
    private static BrokerNotInstalledException? s_missing;

    static SharedServer()
    {
        var factory = new AmqpTransportFactory();
        Transports.Add("amqp", factory);
        Transports.Add("amqps", factory);
    }

    /// <summary>The server; where RabbitMQ is not installed, the test is skipped on a desk and fails when <c>CI=true</c>.</summary>
    public static RabbitMqServer Server
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

    public async ValueTask InitializeAsync()
    {
        try
        {
            s_server = await RabbitMqServer.StartAsync(new RabbitMqOptions { Tls = true });
        }
        catch (BrokerNotInstalledException missing)
        {
            s_missing = missing;
        }
    }

    public ValueTask DisposeAsync() => s_server?.DisposeAsync() ?? default;
}
