namespace Celeriac.Generators.Tests;

/// <summary>The generated files, read as a user reads them who follows go-to-definition.</summary>
public sealed class HandleSnapshotTests
{
    [Fact]
    public void A_static_method_with_a_result() => Check("StaticMethod", "Demo.MathTasks.g.cs", """
        namespace Demo;

        public static partial class MathTasks
        {
            [Celeriac.Task("math.add")]
            public static int Add(int x, int y = 2) => x + y;
        }
        """);

    [Fact]
    public void An_instance_method_of_a_class_with_services() => Check("InstanceMethod", "Demo.Mail.g.cs", """
        using System.Threading;
        using System.Threading.Tasks;
        using Celeriac;
        namespace Demo;

        public interface ISmtpClient;

        public sealed partial class Mail(ISmtpClient smtp, string? from = null)
        {
            [Task("mail.send", MaxRetries = 3, RetryBackoff = true)]
            public Task SendAsync(string to, string subject, TaskContext context, CancellationToken cancellation) => Task.FromResult((smtp, from, context));
        }
        """);

    [Fact]
    public void Asynchronous_methods_with_results() => Check("AsynchronousMethods", "Demo.Slow.g.cs", """
        using System.Threading.Tasks;
        using Celeriac;
        namespace Demo;

        public sealed record Order(string Id, decimal Price);

        internal static partial class Slow
        {
            [Task("slow.find")]
            internal static async Task<Order?> FindAsync(string id) { await Task.Yield(); return null; }

            [Task("slow.count")]
            internal static ValueTask<int> CountAsync(Order[] orders) => new(orders.Length);

            [Task("slow.touch")]
            internal static ValueTask TouchAsync() => default;
        }
        """);

    [Fact]
    public void Every_kind_of_default_value() => Check("Defaults", "Demo.Defaults.g.cs", """
        using System;
        using Celeriac;
        namespace Demo;

        public enum Colour { Red, @default = 5 }

        public static partial class Defaults
        {
            [Task("defaults.all")]
            public static void All(
                bool truth = true, byte small = 7, int number = int.MinValue, uint unsigned = 5, long wide = long.MinValue, ulong widest = ulong.MaxValue,
                float single = 1.5f, double half = 0.1, double nothing = double.NaN, double endless = double.NegativeInfinity, double zero = -0.0, decimal price = 1.10m,
                char quote = '\'', string text = "a \"quote\", a \\ and a \n", string? missing = null, string forced = null!,
                Colour colour = Colour.@default, Colour odd = (Colour)(-3), Colour? perhaps = Colour.Red, int? count = 4, int? none = null,
                Guid id = default, DateTimeOffset time = default, int[]? list = null)
            {
            }
        }
        """);

    [Fact]
    public void A_params_array_and_awkward_names() => Check("ParamsAndNames", "Demo.Outer.Inner.g.cs", """
        using Celeriac;
        namespace Demo;

        public partial class Outer
        {
            public partial record struct Inner
            {
                [Task("names.join")]
                public static string Join(string @event, string call, int result, params string?[] rest) => @event + call + result + string.Concat(rest);

                [Task("names.Sum <1>", Handle = "Plus")]
                public static int Sum(int Sign, int cancellationToken) => Sign + cancellationToken;
            }
        }
        """);

    [Fact]
    public void A_task_in_another_program() => Check("Elsewhere", "Demo.Python.g.cs", """
        using System.Threading;
        using System.Threading.Tasks;
        using Celeriac;
        namespace Demo;

        public static partial class Python
        {
            [Task("proj.add")]
            public static partial Task<int> AddAsync(int x, int y = 2, CancellationToken cancellation = default);

            [Task("proj.log")]
            public static partial ValueTask LogAsync(params string[] lines);
        }
        """);

    [Fact]
    public void A_task_in_another_program_that_takes_its_arguments_by_name() => Check("ElsewhereByName", "Demo.Python.g.cs", """
        using System.Threading;
        using System.Threading.Tasks;
        using Celeriac;
        namespace Demo;

        public partial class Python
        {
            [Task("proj.resize", Keywords = true, IgnoreResult = true)]
            internal virtual partial ValueTask<string?> ResizeAsync(string filePath, int? maxWidth = null, string ResizeTask = "", CancellationToken token = default);
        }
        """);

    [Fact]
    public void What_Python_is_told_about_types_and_defaults() => Check("PythonHints", "Demo.Hints.g.cs", """
        using System;
        using System.Collections.Generic;
        using System.Text.Json;
        using System.Threading.Tasks;
        using Celeriac;
        namespace Demo;

        public sealed record Order(int Id);
        public enum Colour { Red, Blue }
        [Flags] public enum Rights { Read = 1, Write = 2 }

        public static partial class Hints
        {
            [Task("hints.types")]
            public static Dictionary<int, Order?> Types(
                bool truth, byte small, double real, char letter, string? text, byte[] bytes, decimal price, Guid id, DateTimeOffset time, DateOnly day, TimeSpan span, Uri place,
                Colour colour, Rights rights, int? count, int[] numbers, IReadOnlyList<string?>? names, Dictionary<string, decimal> prices, Order order, JsonElement json, object any) => null!;

            [Task("hints.defaults")]
            public static Task<DateTime?> Defaults(
                bool truth = true, long wide = -5, double whole = 1, float nothing = float.NaN, decimal price = 1.10m, string text = "a \"q\" \\ é\n", string? none = null,
                Colour colour = Colour.Blue, Colour? perhaps = null, Guid id = default, int[] list = null!) => null!;

            [Task("hints.rest")]
            public static async ValueTask<List<decimal>> Rest(params decimal?[] values) => await Task.FromResult(new List<decimal>());
        }
        """);

    [Fact]
    public void Every_option_of_the_attribute() => Check("Options", "Tasks.g.cs", """
        using System;
        using Celeriac;

        partial class Tasks
        {
            [Task("t", Queue = "slow", Priority = 7, MaxRetries = -1, RetryOn = [typeof(TimeoutException), typeof(System.IO.IOException)], DontRetryOn = [typeof(ArgumentException)],
                RetryDelay = 2.5, RetryBackoff = true, RetryBackoffMax = 60, RetryJitter = false, AcksLate = false, IgnoreResult = true, TrackStarted = true, SoftTimeLimit = 5, TimeLimit = 10)]
            internal static void Run() { }

            [Task("u", Queue = null, RetryOn = [], SoftTimeLimit = 0, TimeLimit = 0)]
            internal static void Rest() { }
        }
        """);

    [Fact]
    public void The_registration_of_an_assembly_with_a_public_container() => Check("Registration", "CeleriacTasks.g.cs", Registration);

    [Fact]
    public void The_extension_that_registers_an_assembly() => Check("Extension", "CeleriacTasksExtensions.g.cs", Registration);

    private const string Registration = """
        using Celeriac;

        namespace Demo.B
        {
            internal static partial class Later { [Task("b.run")] internal static void Run() { } }
        }

        namespace Demo.A
        {
            public static partial class Sooner { [Task("a.walk")] public static void Walk() { } [Task("a.run")] public static void Run() { } }
        }
        """;

    private static void Check(string name, string file, string source)
    {
        var run = GeneratorRun.Of(source);
        Snapshot.Matches(run.File(file), name);
        Assert.Empty(run.Result.Diagnostics);
        Assert.Empty(run.CompilerComplaints());
    }
}
