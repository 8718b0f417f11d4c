namespace Celeriac.Working.Processes;

/// <summary>How to start a child: this program again, with the arguments that it was given.</summary>
internal sealed record ChildCommand(string Program, IReadOnlyList<string> Arguments)
{
    /// <exception cref="InvalidOperationException">It cannot be told which program this is.</exception>
    public static ChildCommand OfThisProcess()
    {
        var arguments = Environment.GetCommandLineArgs();
        if (Environment.ProcessPath is not { Length: > 0 } program)
        {
            throw new InvalidOperationException("The path of this program is unknown, so that its child processes cannot be started. Start it from a file, or choose the pool 'threads'.");
        }
        if (!Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            return new ChildCommand(program, arguments[1..]);
        }
        // 'dotnet app.dll': the first argument is the assembly as it was found, and not what was typed.
        var assembly = Path.GetFullPath(arguments[0]);
        return File.Exists(assembly) && assembly.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new ChildCommand(program, [assembly, .. arguments[1..]])
            : throw new InvalidOperationException($"'{program}' runs this program, but its assembly '{assembly}' is not there, so that child processes cannot be started. Publish the program and start that, or choose the pool 'threads'.");
    }
}
