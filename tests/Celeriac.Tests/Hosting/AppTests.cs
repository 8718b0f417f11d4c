using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.Tests.Hosting;

[Collection(DefaultClientCollection.Name)]
public sealed class AppTests
{
    [Fact]
    public void Without_a_client_a_call_says_what_to_do()
    {
        var error = Assert.Throws<InvalidOperationException>(() => TaskClient.Current);
        Assert.Contains("Start a host with AddCeleriac", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_unnamed_apps_client_is_the_default_from_start_to_stop()
    {
        using var host = Unnamed("memory://one");
        await host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Same(host.Services.GetRequiredService<TaskClient>(), TaskClient.Current);
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Throws<InvalidOperationException>(() => TaskClient.Current);
    }

    [Fact]
    public async Task Without_a_host_the_clients_first_use_makes_it_the_default_until_it_is_disposed()
    {
        var services = new ServiceCollection();
        services.AddCeleriac(celeriac => celeriac.Broker("memory://plain"));
        var provider = services.BuildServiceProvider();
        Assert.Throws<InvalidOperationException>(() => TaskClient.Current);
        Assert.Same(provider.GetRequiredService<TaskClient>(), TaskClient.Current);
        await provider.DisposeAsync();
        Assert.Throws<InvalidOperationException>(() => TaskClient.Current);
    }

    [Fact]
    public async Task Two_unnamed_hosts_make_an_unscoped_call_fail_naming_both()
    {
        using var first = Unnamed("memory://first");
        using var second = Unnamed("memory://second");
        await first.StartAsync(TestContext.Current.CancellationToken);
        await second.StartAsync(TestContext.Current.CancellationToken);
        var error = Assert.Throws<InvalidOperationException>(() => TaskClient.Current);
        Assert.Contains("memory://first", error.Message, StringComparison.Ordinal);
        Assert.Contains("memory://second", error.Message, StringComparison.Ordinal);
        using (second.Services.GetRequiredService<TaskClient>().Use())
        {
            Assert.Same(second.Services.GetRequiredService<TaskClient>(), TaskClient.Current);
        }
    }

    [Fact]
    public async Task A_named_apps_client_is_never_the_default()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac("billing", celeriac => celeriac.Broker("memory://billing"));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Throws<InvalidOperationException>(() => TaskClient.Current);
        Assert.Null(host.Services.GetService<TaskClient>());
        Assert.Equal("memory://billing", host.Services.GetRequiredKeyedService<TaskClient>("billing").Transport.Name);
    }

    [Fact]
    public void Several_apps_of_one_process_have_their_own_parts()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac("a", celeriac => celeriac.Broker("memory://a").AddTasks([HostingApp.Add]));
        builder.Services.AddCeleriac("b", celeriac => celeriac.Broker("memory://b").ConfigureWorker(worker => worker.NodeName = "b@%h"));
        using var host = builder.Build();
        Assert.NotSame(host.Services.GetRequiredKeyedService<ITransport>("a"), host.Services.GetRequiredKeyedService<ITransport>("b"));
        Assert.NotSame(host.Services.GetRequiredKeyedService<IResultStore>("a"), host.Services.GetRequiredKeyedService<IResultStore>("b"));
        Assert.Equal(["math.add"], host.Services.GetRequiredKeyedService<TaskRegistry>("a").Names);
        Assert.Empty(host.Services.GetRequiredKeyedService<TaskRegistry>("b").Names);
        Assert.StartsWith("b@", host.Services.GetRequiredKeyedService<Worker>("b").Node, StringComparison.Ordinal);
    }

    [Fact]
    public void Adding_the_app_again_adds_to_it()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker("memory://again").AddTasks([HostingApp.Add]));
        var before = builder.Services.Count;
        builder.Services.AddCeleriac().AddTasks([HostingApp.Add]);
        Assert.Equal(before, builder.Services.Count);
        using var host = builder.Build();
        Assert.Equal(["math.add"], host.Services.GetRequiredService<TaskRegistry>().Names);
        Assert.Single(host.Services.GetServices<IHostedService>());
    }

    [Fact]
    public async Task The_container_closes_the_transport()
    {
        var services = new ServiceCollection();
        services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()));
        var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<TaskClient>();
        await provider.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.SendAsync(HostingApp.AddOf(1, 1), TestContext.Current.CancellationToken));
    }

    private static IHost Unnamed(string broker)
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(broker));
        return builder.Build();
    }
}
