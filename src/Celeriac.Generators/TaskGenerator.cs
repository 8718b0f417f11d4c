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
        public const string Commands = nameof(Commands);
        public const string CommandFaults = nameof(CommandFaults);
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
        context.RegisterSourceOutput(faults, Report);

        var containers = parsed.Select(static (task, _) => task.Task).Collect()
            .SelectMany(static (tasks, _) => TaskSet.Containers(tasks))
            .WithTrackingName(Steps.Containers);
        context.RegisterSourceOutput(containers, static (output, file) => output.AddSource(file.HintName, HandleEmitter.Emit(file)));

        var rootNamespace = context.AnalyzerConfigOptionsProvider.Select(static (options, _) =>
            options.GlobalOptions.TryGetValue("build_property.RootNamespace", out var value) ? value : "");
        var facts = context.CompilationProvider.Select(CompilationReader.Read).Combine(rootNamespace).WithTrackingName(Steps.Facts);
        var registration = containers.Collect().Combine(Commands(context)).Combine(facts)
            .Select(static (input, _) => RegistrationModel.Of(input.Left.Left, input.Left.Right, input.Right.Left, input.Right.Right))
            .WithTrackingName(Steps.Registration);
        context.RegisterSourceOutput(registration, static (output, model) => RegistrationEmitter.Emit(output, model));
    }

    private static IncrementalValueProvider<EquatableArray<CommandModel>> Commands(IncrementalGeneratorInitializationContext context)
    {
        var controls = context.SyntaxProvider.ForAttributeWithMetadataName(Symbols.ControlCommandAttribute, static (_, _) => true, CommandParser.Parse);
        var inspects = context.SyntaxProvider.ForAttributeWithMetadataName(Symbols.InspectCommandAttribute, static (_, _) => true, CommandParser.Parse);
        var parsed = controls.Collect().Combine(inspects.Collect()).Select(static (both, _) => both.Left.Concat(both.Right).ToEquatableArray());

        var faults = parsed.Select(static (commands, _) => CommandParser.Faults(commands)).WithTrackingName(Steps.CommandFaults);
        context.RegisterSourceOutput(faults, Report);
        return parsed
            .Select(static (commands, _) => commands.Select(command => command.Command).OfType<CommandModel>().OrderBy(command => command.Name, StringComparer.Ordinal).ToEquatableArray())
            .WithTrackingName(Steps.Commands);
    }

    private static void Report(SourceProductionContext output, EquatableArray<Fault> faults)
    {
        foreach (var fault in faults)
        {
            output.ReportDiagnostic(fault.ToDiagnostic());
        }
    }
}
