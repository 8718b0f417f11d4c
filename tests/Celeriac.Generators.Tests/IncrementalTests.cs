using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Celeriac.Generators.Tests;

/// <summary>What the generator does again after an edit, and what not.</summary>
public sealed class IncrementalTests
{
    private const string Program = """
        using Celeriac;
        namespace Demo;
        public static partial class Tasks
        {
            [Task("math.add", MaxRetries = 5)] public static int Add(int x, int y = 2) => x + y;
        }
        public partial class Mail
        {
            [Task("mail.send")] public void Send(string to) { }
            [ControlCommand("mail.flush")] public static int Flush(string box, int most = 5) => most;
        }
        """;

    [Fact]
    public void An_edit_in_another_file_leaves_every_step_cached()
    {
        var steps = StepsAfter(compilation => compilation.AddSyntaxTrees(Parse("public class Unrelated { public int X; }", "Other.cs")));
        Assert.All(steps, step => Assert.True(step.IsUnchanged, $"{step.Name}: {step.Reason}"));
    }

    [Fact]
    public void An_edit_in_a_method_body_leaves_every_step_cached()
    {
        var steps = StepsAfter(compilation => Replace(compilation, "=> x + y;", "=> y + x;"));
        Assert.All(steps, step => Assert.True(step.IsUnchanged, $"{step.Name}: {step.Reason}"));
    }

    [Fact]
    public void Lines_typed_above_a_task_do_not_touch_the_generated_files()
    {
        var steps = StepsAfter(compilation => Replace(compilation, "namespace Demo;", "namespace Demo;\n\n// A comment.\npublic class Unrelated;\n"));
        Assert.All(steps.Where(step => step.Name != TaskGenerator.Steps.Parsed), step => Assert.True(step.IsUnchanged, $"{step.Name}: {step.Reason}"));
    }

    [Fact]
    public void A_changed_task_renews_the_file_of_its_class_only()
    {
        var containers = StepsAfter(compilation => Replace(compilation, "int y = 2", "int y = 3")).Where(step => step.Name == TaskGenerator.Steps.Containers);
        Assert.Equal([IncrementalStepRunReason.Modified, IncrementalStepRunReason.Unchanged], containers.Select(step => step.Reason).Order());
    }

    [Fact]
    public void Two_runs_over_the_same_program_write_the_same_text()
    {
        var (first, second) = (GeneratorRun.Of(Program), GeneratorRun.Of(Program));
        Assert.Equal(first.FileNames, second.FileNames);
        Assert.All(first.FileNames, name => Assert.Equal(first.File(name), second.File(name)));
        Assert.All(first.FileNames, name => Assert.DoesNotContain('\r', first.File(name)));
    }

    private static List<(string Name, IncrementalStepRunReason Reason, bool IsUnchanged)> StepsAfter(Func<CSharpCompilation, CSharpCompilation> edit)
    {
        var compilation = GeneratorRun.Compile(Program);
        var driver = GeneratorRun.Driver().RunGenerators(compilation, TestContext.Current.CancellationToken);
        var result = driver.RunGenerators(edit(compilation), TestContext.Current.CancellationToken).GetRunResult().Results.Single();
        string[] tracked = [TaskGenerator.Steps.Parsed, TaskGenerator.Steps.Faults, TaskGenerator.Steps.Containers, TaskGenerator.Steps.Facts, TaskGenerator.Steps.Registration];
        Assert.All(tracked, name => Assert.Contains(name, result.TrackedSteps.Keys));
        return [.. result.TrackedSteps.Where(step => tracked.Contains(step.Key)).Concat(result.TrackedOutputSteps)
            .SelectMany(step => step.Value.SelectMany(run => run.Outputs).Select(output => (step.Key, output.Reason, output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged)))];
    }

    private static CSharpCompilation Replace(CSharpCompilation compilation, string old, string replacement)
    {
        var tree = compilation.SyntaxTrees[0];
        var text = tree.GetText(TestContext.Current.CancellationToken).ToString();
        Assert.Contains(old, text, StringComparison.Ordinal);
        return compilation.ReplaceSyntaxTree(tree, Parse(text.Replace(old, replacement, StringComparison.Ordinal), tree.FilePath));
    }

    private static SyntaxTree Parse(string text, string path) => CSharpSyntaxTree.ParseText(SourceText.From(text), GeneratorRun.ParseOptions, path, TestContext.Current.CancellationToken);
}
