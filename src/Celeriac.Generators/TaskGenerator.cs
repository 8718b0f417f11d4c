using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>
/// The pipeline: [Task] methods → models → one file of handles per container and one registration file. Faults go a way of their own,
/// because they carry places in the text, which move with every line typed above them.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class TaskGenerator : IIncrementalGenerator
{
    internal static class Steps
    {
        public const string Parsed = nameof(Parsed);
        public const string Faults = nameof(Faults);
        public const string Containers = nameof(Containers);
        public const string Facts = nameof(Facts);
        public const string Registration = nameof(Registration);
    }

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        context.RegisterPostInitializationOutput(static output => output.AddEmbeddedAttributeDefinition());

        var parsed = context.SyntaxProvider
            .ForAttributeWithMetadataName(Symbols.TaskAttribute, static (_, _) => true, TaskParser.Parse)
            .WithTrackingName(Steps.Parsed);

        var faults = parsed.Collect().Select(static (tasks, _) => TaskSet.Faults(tasks)).WithTrackingName(Steps.Faults);
        context.RegisterSourceOutput(faults, static (output, faults) =>
        {
            foreach (var fault in faults)
            {
                output.ReportDiagnostic(fault.ToDiagnostic());
            }
        });

        var containers = parsed.Select(static (task, _) => task.Task).Collect()
            .SelectMany(static (tasks, _) => TaskSet.Containers(tasks))
            .WithTrackingName(Steps.Containers);
        context.RegisterSourceOutput(containers, static (output, file) => output.AddSource(file.HintName, HandleEmitter.Emit(file)));

        var rootNamespace = context.AnalyzerConfigOptionsProvider.Select(static (options, _) =>
            options.GlobalOptions.TryGetValue("build_property.RootNamespace", out var value) ? value : "");
        var facts = context.CompilationProvider.Select(CompilationReader.Read).Combine(rootNamespace).WithTrackingName(Steps.Facts);
        var registration = containers.Collect().Combine(facts)
            .Select(static (input, _) => RegistrationModel.Of(input.Left, input.Right.Left, input.Right.Right))
            .WithTrackingName(Steps.Registration);
        context.RegisterSourceOutput(registration, static (output, model) => RegistrationEmitter.Emit(output, model));
    }
}
