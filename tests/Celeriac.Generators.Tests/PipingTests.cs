using Microsoft.CodeAnalysis;

namespace Celeriac.Generators.Tests;

/// <summary>
/// The compiler checks workflows: what fits compiles, and what does not is an error that names both types. The pipe between two partial signatures is an
/// extension operator, which the compiler of these tests is too old to see: Celeriac.Tests uses it.
/// </summary>
public sealed class PipingTests
{
    private const string Tasks = """
        using System; using System.Collections.Generic; using System.Threading.Tasks; using Celeriac; namespace Demo;
        public static partial class T
        {
            [Task("t.add")] public static int Add(int x, int y = 2) => x + y;
            [Task("t.format")] public static string Format(int value) => "";
            [Task("t.size")] public static int Size(string text) => 0;
            [Task("t.sum")] public static int Sum(params int[] values) => 0;
            [Task("t.total")] public static int Total(IReadOnlyList<int> values) => 0;
            [Task("t.pair")] public static string Pair((int Sum, string Text) pair) => "";
            [Task("t.clean")] public static void Clean() { }
            [Task("t.failed")] public static void Failed(FailedTask failed, string note = "") { }
            [Task("t.note")] public static void Note(string id) { }
        }
        public static class Calls { public static CALL; }
        """;

    [Theory]
    [InlineData("Signature<string> A() => T.AddTask.S(1) | T.AddTask.Partial(4) | T.FormatTask.Partial()")]
    [InlineData("Signature<string> A() => T.AddTask.S(1).Then(T.AddTask.Partial()).Then(T.FormatTask.Partial())")]
    [InlineData("Signature<int> A() => T.CleanTask.S() | T.AddTask.S(1, 2)")]
    [InlineData("Signature<None> A() => T.AddTask.S(1, 2) | T.CleanTask.S()")]
    [InlineData("Signature<int> A() => T.AddTask.S(1) | T.SumTask.Partial(2, 3)")]
    [InlineData("Signature<int[]> A() => T.AddTask.S(1) | Group.Of(T.AddTask.Partial(), T.AddTask.Partial(3))")]
    [InlineData("Group<int> A() => Group.Of(T.AddTask.S(1), T.AddTask.S(2)).LinkError(T.NoteTask.Partial())")]
    [InlineData("Signature A() => Group.Of(T.AddTask.S(1), T.FormatTask.S(2))")]
    [InlineData("Signature<int> A() => Group.Of(T.AddTask.S(1), T.AddTask.S(2)) | T.TotalTask.Partial()")]
    [InlineData("Signature<(int Sum, string Text)> A() => Group.Of(T.AddTask.S(1), T.FormatTask.S(2))")]
    [InlineData("Signature<string> A() => T.AddTask.S(1) | Group.Of(T.AddTask.Partial(), T.FormatTask.Partial()) | T.PairTask.Partial()")]
    [InlineData("Signature<int[]> A() => T.AddTask.Map(new[] { 1, 2 }) | T.AddTask.StarMap(new[] { (1, 2), (3, 4) })")]
    [InlineData("Signature<string[]> A() => T.FormatTask.StarMap(new[] { 1, 2 })")]
    [InlineData("Signature<int[][]> A() => T.AddTask.Chunks(new[] { (1, 2), (3, 4) }, 10)")]
    [InlineData("Signature<int[]> A() => Map.Of(T.AddTask.Partial(5), new[] { 1, 2 })")]
    [InlineData("Signature<int> A() => T.AddTask.S(1).Link(T.FormatTask.Partial()).LinkError(T.NoteTask.Partial()).OnError(T.CleanTask.S())")]
    [InlineData("Signature<int> A() => T.AddTask.S(1).LinkError(T.FailedTask.Partial()).OnError(T.FailedTask.Partial(\"x\"))")]
    [InlineData("Signature<int> A() => Group.Of(T.AddTask.S(1)).LinkError(T.FailedTask.Partial()) | T.TotalTask.Partial().OnError(T.FailedTask.Partial())")]
    [InlineData("Signature<long> A() => (new Signature(\"py.a\") | new Signature(\"py.b\")).As<long>()")]
    [InlineData("Signature<int> A() => new Signature(\"py.a\").As<string>() | T.SizeTask.Partial()")]
    [InlineData("async Task<string> A() => await (await (T.AddTask.S(1) | T.FormatTask.Partial()).DelayAsync()).GetAsync()")]
    [InlineData("async Task<int[]> A() => await (await Group.Of(T.AddTask.S(1)).DelayAsync()).GetAsync()")]
    public void What_fits_compiles(string call) => Assert.Empty(Faults(call));

    [Theory]
    [InlineData("Signature<int> A() => T.AddTask.S(1) | T.SizeTask.Partial()", "CS0019: Operator '|' cannot be applied to operands of type 'Signature<int>' and 'Partial<string, int>'")]
    [InlineData("Partial<int, string> A() => T.AddTask.Partial() | T.SizeTask.Partial()", "CS0019: Operator '|' cannot be applied to operands of type 'Partial<int, int>' and 'Partial<string, int>'")]
    [InlineData("Signature<int> A() => T.CleanTask.S() | T.AddTask.Partial()", "CS0019: Operator '|' cannot be applied to operands of type 'Signature<None>' and 'Partial<int, int>'")]
    [InlineData("Signature<int> A() => Group.Of(T.AddTask.S(1), T.FormatTask.S(2)) | T.TotalTask.Partial()", "CS0019: Operator '|' cannot be applied to operands of type 'Signature<(int, string)>' and 'Partial<IReadOnlyList<int>, int>'")]
    public void A_wrong_pipe_is_an_error_that_names_both_types(string call, string expected) => Assert.Equal([expected], Faults(call));

    private static string[] Faults(string call) =>
        [.. GeneratorRun.Of(Tasks.Replace("CALL", call, StringComparison.Ordinal)).Output.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(fault => fault.Severity == DiagnosticSeverity.Error).Select(fault => $"{fault.Id}: {fault.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}")];
}
