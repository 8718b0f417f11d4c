using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Celeriac.Generators.Tests;

/// <summary>A small program put through the generator: its generated files, its diagnostics, and the program itself, loaded.</summary>
internal sealed class GeneratorRun
{
    private static readonly ImmutableArray<MetadataReference> s_references = [.. References(), .. Pending.References(References())];

    private GeneratorRun(CSharpCompilation source, Compilation output, GeneratorDriverRunResult result)
    {
        Source = source;
        Output = output;
        Result = result;
    }

    public CSharpCompilation Source { get; }
    public Compilation Output { get; }
    public GeneratorDriverRunResult Result { get; }

    public IEnumerable<string> FileNames => Result.Results.Single().GeneratedSources.Select(file => file.HintName).Where(name => !name.StartsWith("Microsoft.", StringComparison.Ordinal));

    public static CSharpParseOptions ParseOptions { get; } = new(LanguageVersion.Preview, DocumentationMode.Diagnose);

    public static GeneratorRun Of(string source, string rootNamespace = "Demo", string assemblyName = "Program", IEnumerable<MetadataReference>? references = null)
    {
        var compilation = Compile(source, assemblyName, references);
        var driver = Driver(rootNamespace).RunGeneratorsAndUpdateCompilation(compilation, out var output, out _, TestContext.Current.CancellationToken);
        return new(compilation, output, driver.GetRunResult());
    }

    public static GeneratorDriver Driver(string rootNamespace = "Demo") => CSharpGeneratorDriver.Create(
        [new TaskGenerator().AsSourceGenerator()], parseOptions: ParseOptions, optionsProvider: new BuildProperties(("RootNamespace", rootNamespace)),
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static CSharpCompilation Compile(string source, string assemblyName = "Program", IEnumerable<MetadataReference>? references = null) => CSharpCompilation.Create(
        assemblyName,
        [CSharpSyntaxTree.ParseText(SourceText.From(source), ParseOptions, "Program.cs")],
        s_references.AddRange(references ?? []),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, warningLevel: 9999));

    /// <summary>A generated file.</summary>
    public string File(string hintName) => Result.Results.Single().GeneratedSources.Single(file => file.HintName == hintName).SourceText.ToString();

    /// <summary>The diagnostics of generator and analyzers as <c>CEL001 'underlined text'</c>.</summary>
    public async Task<string[]> FaultsAsync(params (string Name, string Value)[] properties)
    {
        var reported = Result.Diagnostics.Concat(await AnalyzerDiagnosticsAsync(properties));
        var text = Source.SyntaxTrees[0].GetText(TestContext.Current.CancellationToken);
        return [.. reported.OrderBy(fault => fault.Id, StringComparer.Ordinal).ThenBy(fault => fault.Location.SourceSpan.Start)
            .Select(fault => $"{fault.Id} '{text.ToString(fault.Location.SourceSpan)}'")];
    }

    /// <summary>The text of the only diagnostic.</summary>
    public async Task<string> FaultTextAsync(params (string Name, string Value)[] properties) =>
        Assert.Single(Result.Diagnostics.Concat(await AnalyzerDiagnosticsAsync(properties))).GetMessage(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What the compiler says about the program with its generated files, warnings included; only the program's own texts may lack XML comments.</summary>
    public string[] CompilerComplaints() => [.. Output.GetDiagnostics(TestContext.Current.CancellationToken)
        .Where(fault => fault.Severity >= DiagnosticSeverity.Warning && !(fault.Id == "CS1591" && fault.Location.SourceTree == Source.SyntaxTrees[0]))
        .Select(fault => fault.ToString())];

    /// <summary>The program, loaded.</summary>
    public Assembly Load()
    {
        Assert.Empty(Result.Diagnostics);
        Assert.Empty(CompilerComplaints());
        return Assembly.Load(Emit());
    }

    /// <summary>The program as a library that another one references.</summary>
    public MetadataReference ToReference() => MetadataReference.CreateFromImage(Emit());

    private byte[] Emit()
    {
        using var stream = new MemoryStream();
        var emitted = Output.Emit(stream, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join(Environment.NewLine, emitted.Diagnostics));
        return stream.ToArray();
    }

    private async Task<ImmutableArray<Diagnostic>> AnalyzerDiagnosticsAsync((string Name, string Value)[] properties)
    {
        var analyzers = typeof(TaskGenerator).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(DiagnosticAnalyzer)) && !type.IsAbstract)
            .Select(type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!).ToImmutableArray();
        var options = new AnalyzerOptions([], new BuildProperties(properties));
        return analyzers.IsEmpty ? [] : await Output.WithAnalyzers(analyzers, options).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The framework and Celeriac without its technology packages, which a program references only if it says so.</summary>
    private static ImmutableArray<MetadataReference> References() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) is var name
                && (name is "netstandard" or "mscorlib" or "Celeriac" or "Celeriac.Messaging"
                    || name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)))
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The MSBuild properties that the compiler shows to generators.</summary>
    private sealed class BuildProperties(params (string Name, string Value)[] properties) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Options(properties.ToDictionary(property => $"build_property.{property.Name}", property => property.Value));

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Options(Dictionary<string, string> values) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
        }
    }
}
