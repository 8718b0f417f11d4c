namespace Celeriac.Generators.Tests;

/// <summary>Instance tasks: where the object comes from.</summary>
public sealed class InstanceTaskTests
{
    [Fact]
    public async Task A_registered_object_is_used()
    {
        var program = new LoadedProgram("public partial class Mail(string from) { [Task(\"t\")] public string Send() => from; public static object Make() => new Mail(\"me\"); } public static class Calls { public static object Mail() => Demo.Mail.Make(); }");
        Assert.Equal("\"me\"", await program.RunAsync(services: new Services(program.Call<object>("Mail"))));
    }

    [Fact]
    public async Task A_new_object_gets_its_services_and_is_disposed_after_the_run()
    {
        var program = new LoadedProgram("""
            public sealed partial class Mail(System.IO.StringWriter log, TaskContext context, System.Text.StringBuilder? absent = null) : IDisposable
            {
                [Task("t")] public string Send() { log.Write($"sent {context.Id} {absent is null};"); return "ok"; }
                public void Dispose() => log.Write("disposed;");
            }
            """);
        await using var log = new StringWriter();
        Assert.Equal("\"ok\"", await program.RunAsync(services: new Services(log)));
        Assert.Equal("sent id-1 True;disposed;", log.ToString());
    }

    [Fact]
    public async Task A_missing_service_is_named()
    {
        var program = new LoadedProgram("public interface ISmtp; public partial class Mail(ISmtp smtp) { [Task(\"mail.send\")] public bool Send() => smtp is null; }");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => program.RunAsync());
        Assert.StartsWith("Task 'mail.send' needs the service 'Demo.ISmtp', which is not registered.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public partial class Thing { public Thing() { Made = \"short\"; } public Thing(TaskContext a, CancellationToken b) { Made = \"long\"; } public string Made; [Task(\"t\")] public string Run() => Made; }", "\"long\"")]
    [InlineData("public partial class Thing { public Thing() { Made = \"short\"; } public Thing(int number, string text) { Made = \"long\"; } public string Made; [Task(\"t\")] public string Run() => Made; }", "\"short\"")]
    [InlineData("public partial class Thing { internal Thing(int number = 4, string text = \"five\") { Made = number + text; } public string Made; [Task(\"t\")] public string Run() => Made; }", "\"4five\"")]
    [InlineData("public partial record Thing { [Task(\"t\")] public string Run() => \"record\"; }", "\"record\"")]
    [InlineData("public partial struct Thing { [Task(\"t\")] public readonly string Run() => \"struct\"; }", "\"struct\"")]
    [InlineData("public readonly partial record struct Thing { [Task(\"t\")] public string Run() => \"record struct\"; }", "\"record struct\"")]
    public async Task The_longest_constructor_that_services_can_fill_is_called(string type, string result) =>
        Assert.Equal(result, await new LoadedProgram(type).RunAsync());

    [Theory]
    [InlineData("public abstract partial class Thing { [Task(\"t\")] public string Run() => \"x\"; }")]
    [InlineData("public partial class Thing { private Thing() { } [Task(\"t\")] public string Run() => \"x\"; }")]
    [InlineData("public partial class Thing { public required string Name { get; init; } [Task(\"t\")] public string Run() => Name; }")]
    public async Task A_class_that_cannot_be_made_must_be_registered(string type)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => new LoadedProgram(type).RunAsync());
        Assert.StartsWith("Task 't' needs the service 'Demo.Thing', which is not registered.", error.Message, StringComparison.Ordinal);
    }

    private sealed class Services(object only) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(only) ? only : null;
    }
}
