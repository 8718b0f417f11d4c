using Celeriac.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.Tests.Hosting;

/// <summary>Tests that start an unnamed host share the process's default client, so they run one after another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DefaultClientCollection
{
    public const string Name = "default client";
}

internal static class HostingApp
{
    public static TaskDefinition Add { get; } = new()
    {
        Name = "math.add",
        Method = "MathTasks.Add",
        Parameters = [new("x", TaskParameterKind.Required, "int"), new("y", TaskParameterKind.Required, "int")],
        Invoker = invocation => ValueTask.FromResult(TaskInvocation.Result(invocation.Arguments.Get<int>(0) + invocation.Arguments.Get<int>(1))),
    };

    public static Signature<int> AddOf(int x, int y) => new("math.add") { Args = new ArgumentWriter().Add(x).Add(y).Finish() };

    /// <summary>A broker of its own for each test.</summary>
    public static string NewBroker() => $"memory://{Guid.NewGuid():N}";

    public static HostApplicationBuilder Builder(params (string Key, string? Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));
        Environment(builder.Services);
        return builder;
    }

    /// <summary>The environment that the app sees instead of the process's.</summary>
    public static void Environment(IServiceCollection services, params (string Key, string Value)[] variables)
    {
        var environment = new EnvironmentVariables([.. variables.Select(pair => KeyValuePair.Create(pair.Key, pair.Value))]);
        foreach (var present in services.Where(descriptor => descriptor.ServiceType == typeof(EnvironmentVariables)).ToList())
        {
            services.Remove(present);
        }
        services.AddSingleton(environment);
    }
}
