using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Postgres.Tests;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace Celeriac.Postgres.Tests;

/// <summary>The server that all tests share which do not stop it.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private static PostgresServer? s_server;
    private static BrokerNotInstalledException? s_missing;

    /// <summary>The server; where PostgreSQL is not installed, the test is skipped on a desk and fails when <c>CI=true</c>.</summary>
    public static PostgresServer Server
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

    /// <summary>The schema of those whose names differ from everybody's: making one costs more than most facts.</summary>
    public static string SharedSchema { get; } = NewSchema();

    /// <summary>A schema that nobody else uses.</summary>
    public static string NewSchema() => $"t_{Guid.NewGuid():N}";

    /// <summary>Registers what generated code registers in an application.</summary>
    public static void Register()
    {
        Transports.Add("postgres", new PostgresTransportFactory());
        Transports.Add("postgresql", new PostgresTransportFactory());
    }

    public async ValueTask InitializeAsync()
    {
        Register();
        try
        {
            s_server = await PostgresServer.StartAsync();
        }
        catch (BrokerNotInstalledException missing)
        {
            s_missing = missing;
        }
    }

    public ValueTask DisposeAsync() => s_server?.DisposeAsync() ?? default;
}
