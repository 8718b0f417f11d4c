using System.Text.Json.Nodes;
using Celeriac.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Celeriac.Tests.Control;

/// <summary>Methods with [ControlCommand] and [InspectCommand], registered by the generated AddTasks(), answer over a broker.</summary>
public sealed class CommandsByAttributeTests
{
    [Fact(Timeout = 180_000)]
    public async Task A_broadcast_reaches_the_method_and_brings_its_answer_back()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: AsAddTasksDoes);
        var reply = await fleet.AskAsync("attributed_warm_up", new JsonObject { ["cache_name"] = "users" });
        Assert.Equal("users 5 w1@test", reply.Ok);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_missing_argument_is_answered_as_Python_words_it()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: AsAddTasksDoes);
        Assert.Equal("TypeError(\"attributed_warm_up() missing 1 required positional argument: 'cache_name'\")", (await fleet.AskAsync("attributed_warm_up")).Error);
    }

    [Fact(Timeout = 180_000)]
    public async Task Where_only_looking_is_allowed_an_inspect_command_is_obeyed_and_a_control_command_is_not()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: options =>
        {
            AsAddTasksDoes(options);
            options.ControlCommands = ["inspect"];
        });
        Assert.Equal("[1,2]", (await fleet.AskAsync("attributed_sizes")).Value.GetRawText());
        Assert.StartsWith("PermissionError", (await fleet.AskAsync("attributed_warm_up")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_handler_that_replaces_an_inspect_command_is_none_itself()
    {
        var options = new WorkerOptions();
        AsAddTasksDoes(options);
        Assert.Contains(options.OwnControlCommands["attributed_sizes"], options.OwnInspectHandlers);
        options.OwnControlCommands["attributed_sizes"] = (_, _) => new((JsonNode?)null);
        Assert.DoesNotContain(options.OwnControlCommands["attributed_sizes"], options.OwnInspectHandlers);
    }

    private static void AsAddTasksDoes(WorkerOptions options)
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.AddTasks());
        using var host = builder.Build();
        foreach (var setup in host.Services.GetServices<IConfigureOptions<WorkerOptions>>())
        {
            setup.Configure(options);
        }
        options.NodeName = "w1@test";
    }
}

internal static class AttributedCommands
{
    [ControlCommand("attributed_warm_up")]
    public static async ValueTask<JsonNode?> WarmUpAsync(string cacheName, ControlCommandContext context, int entries = 5, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return new JsonObject { ["ok"] = $"{cacheName} {entries} {context.Node}" };
    }

    [InspectCommand("attributed_sizes")]
    public static int[] Sizes() => [1, 2];
}
