using System.Collections.Immutable;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Generators;

/// <summary>What the registration file says.</summary>
/// <param name="Namespace">The assembly's root namespace.</param>
/// <param name="IsPublic">True when a task is in a public type, so that another assembly may register all tasks of this one.</param>
/// <param name="HasBuilder">True when there is a builder to extend.</param>
/// <param name="Handles">Every handle, fully qualified.</param>
/// <param name="Commands">Every control command, in the order of their names.</param>
/// <param name="Transports">The factories of referenced assemblies.</param>
internal sealed record RegistrationModel(string Namespace, bool IsPublic, bool HasBuilder, EquatableArray<string> Handles, EquatableArray<CommandModel> Commands, EquatableArray<TransportModel> Transports)
{
    public static RegistrationModel Of(ImmutableArray<ContainerFile> files, EquatableArray<CommandModel> commands, CompilationFacts facts, string rootNamespace) => new(
        Identifier(rootNamespace.Length > 0 ? rootNamespace : facts.AssemblyName),
        files.Any(file => file.Container.IsPublic),
        facts.HasBuilder,
        files.SelectMany(file => file.Tasks.Select(task => $"{file.Container.Reference}.{task.Handle}")).ToEquatableArray(),
        commands,
        facts.Transports);

    /// <summary>A project's name as a namespace: what C# does not allow becomes an underscore.</summary>
    private static string Identifier(string name) => string.Join(".", name.Split(['.'], StringSplitOptions.RemoveEmptyEntries).Select(part =>
    {
        var letters = new string([.. part.Select(letter => SyntaxFacts.IsIdentifierPartCharacter(letter) ? letter : '_')]);
        return TaskNames.Escape(SyntaxFacts.IsIdentifierStartCharacter(letters[0]) ? letters : $"_{letters}");
    }));
}
