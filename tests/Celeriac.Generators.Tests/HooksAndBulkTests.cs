namespace Celeriac.Generators.Tests;

/// <summary>What the generator writes for hooks and for lists of calls.</summary>
public sealed class HooksAndBulkTests
{
    [Fact]
    public void Hooks_are_made_with_their_services_and_without_reflection()
    {
        var program = new LoadedProgram("""
            public sealed class MailHooks(System.IO.StringWriter log) : ITaskHooks { public override string ToString() => log.ToString(); }
            public static partial class Tasks { [Task("t", Hooks = typeof(MailHooks), MaxRetries = 1)] public static int Run() => 1; }
            public static class Calls
            {
                public static string Hooks()
                {
                    var log = new System.IO.StringWriter();
                    log.Write("made");
                    var call = new TaskInvocation(Tasks.RunTask.Definition, default, null!, new Services(log), default);
                    return Tasks.RunTask.Definition.Hooks!(call).ToString()!;
                }
                public static int Retries() => Tasks.RunTask.Definition.Options.MaxRetries;
            }
            public sealed class Services(object service) : IServiceProvider { public object? GetService(Type type) => type.IsInstanceOfType(service) ? service : null; }
            """);

        Assert.Equal("made", program.Call<string>("Hooks"));
        Assert.Equal(1, program.Call<int>("Retries"));
    }

    [Fact]
    public void A_factor_of_back_off_is_a_time()
    {
        var program = new LoadedProgram("""
            public static partial class Tasks { [Task("t", RetryBackoffFactor = 2.5)] public static int Run() => 1; }
            public static class Calls { public static TimeSpan? Factor() => Tasks.RunTask.Definition.Options.RetryBackoffFactor; }
            """);

        Assert.Equal(TimeSpan.FromSeconds(2.5), program.Call<TimeSpan?>("Factor"));
    }

    [Theory]
    [InlineData("public static int Run(int x, string y = \"a\") => x;", "Tasks.RunTask.DelayManyAsync([(1, \"b\"), (2, \"c\")])")]
    [InlineData("public static int Run(int x) => x;", "Tasks.RunTask.DelayManyAsync(Enumerable.Range(0, 9))")]
    [InlineData("public static int Run(int x, params int[] rest) => x;", "Tasks.RunTask.DelayManyAsync(new List<(int x, int[] rest)> { (1, [2, 3]) })")]
    [InlineData("public static int Run(int Item2, int @class, int ToString) => 1;", "Tasks.RunTask.DelayManyAsync([(1, 2, 3)])")]
    [InlineData("public static int Run(int a, int b, int c, int d, int e, int f, int g, int h, int i) => 1;", "Tasks.RunTask.DelayManyAsync([(1, 2, 3, 4, 5, 6, 7, 8, 9)])")]
    public void A_list_of_calls_is_typed(string method, string call)
    {
        var program = new LoadedProgram($$"""
            public static partial class Tasks { [Task("t")] {{method}} }
            public static class Calls { public static Func<ValueTask<IReadOnlyList<AsyncResult<int>>>> Many() => () => {{call}}; }
            """);

        Assert.NotNull(program.Call<object>("Many"));
    }
}
