using Celeriac.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.CommandLine.Tests;

/// <summary>What a verb did: its exit code and all that it wrote.</summary>
internal sealed record CommandLineRun(int Code, string Output, string Error)
{
    public const string Password = "s3cret-w0rd";

    public static TaskDefinition Add { get; } = new()
    {
        Name = "math.add",
        Method = "MathTasks.Add",
        Parameters = [new("x", TaskParameterKind.Required, "int"), new("y", TaskParameterKind.Required, "int")],
        Invoker = invocation => ValueTask.FromResult(TaskInvocation.Result(invocation.Arguments.Get<int>(0) + invocation.Arguments.Get<int>(1))),
    };

    public string All => Output + Error;

    /// <summary>A broker of its own for each test; keep a client open on it, or it ends with the verb.</summary>
    public static string NewBroker() => $"memory://{Guid.NewGuid():N}";

    public static Task<CommandLineRun> Of(string broker, params string[] args) => Of(celeriac => celeriac.Broker(broker).AddTasks([Add]), "", args);

    public static async Task<CommandLineRun> Of(Action<CeleriacBuilder> configure, string input, string[] args, Interrupts? interrupts = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddCeleriac(configure);
        return await Of(builder.Build(), input, args, interrupts);
    }

    public static async Task<CommandLineRun> Of(IHost host, string input, string[] args, Interrupts? interrupts = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var own = new Interrupts();
        var code = await CommandLineProgram.RunAsync(host, args, new Terminal(output, error, new StringReader(input), isInteractive: false), interrupts ?? own);
        var run = new CommandLineRun(code, output.ToString(), error.ToString());
        Assert.DoesNotContain(Password, run.All, StringComparison.Ordinal);
        return run;
    }
}
