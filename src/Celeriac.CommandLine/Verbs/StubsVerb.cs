using System.CommandLine;
using System.Text;
using Celeriac.CommandLine.Stubs;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>stubs</c>: prints the Python side of this program's tasks. It asks no broker.</summary>
internal static class StubsVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var output = new Option<string?>("--output", "-o") { Description = "Write to this file instead; it is replaced as a whole.", HelpName = "file" };
        var check = new Option<bool>("--check") { Description = "Write nothing; fail when the file of --output is not what would be written." };
        var command = new Command("stubs", "Print a Python module to call this program's tasks with: names, parameters and type hints.") { output, check };
        command.Validators.Add(result =>
        {
            if (result.GetValue(check) && result.GetValue(output) is null)
            {
                result.AddError("--check compares with a file. Name it: --output tasks.py.");
            }
        });
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            // It asks no broker: a build server, where this runs, need not have one, nor the package that reaches it.
            session.Overrides.Add((CeleriacOptions options) => (options.BrokerUrl, options.ResultBackend) = ("memory://stubs", "disabled://"));
            return CommandLineProgram.WorkAsync(session, cancellation => RunAsync(session, parse.GetValue(output), parse.GetValue(check), cancellation));
        });
        return command;
    }

    private static async Task<int> RunAsync(Session session, string? file, bool isCheck, CancellationToken cancellationToken)
    {
        List<TaskDefinition> tasks = [.. session.Registry.All.Where(task => task.Invoker is not null)];
        if (tasks.Count == 0)
        {
            session.Terminal.Fail("This program has no tasks that run here. Call AddTasks() where it calls AddCeleriac(...).");
            return CommandLineProgram.Failed;
        }
        var module = PythonModule.Write(tasks, session.Options);
        if (file is null)
        {
            await session.Terminal.Output.WriteAsync(module.AsMemory(), cancellationToken).ConfigureAwait(false);
            return CommandLineProgram.Done;
        }
        if (isCheck)
        {
            return await CheckAsync(session, file, module, cancellationToken).ConfigureAwait(false);
        }
        await ReplaceAsync(file, module, cancellationToken).ConfigureAwait(false);
        session.Terminal.Tell($"Wrote {tasks.Count} task{(tasks.Count == 1 ? "" : "s")} to {file}.");
        return CommandLineProgram.Done;
    }

    private static async Task<int> CheckAsync(Session session, string file, string module, CancellationToken cancellationToken)
    {
        var present = File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false) : null;
        if (present?.ReplaceLineEndings("\n") == module)
        {
            return CommandLineProgram.Done;
        }
        session.Terminal.Fail(present is null ? $"There is no file '{file}'. Write it with: stubs --output {file}." : $"'{file}' is not what the tasks are now. Write it again with: stubs --output {file}.");
        return CommandLineProgram.Failed;
    }

    /// <summary>Beside the file and then in its place, so that nobody imports half a module.</summary>
    private static async Task ReplaceAsync(string file, string module, CancellationToken cancellationToken)
    {
        var beside = $"{file}.new";
        await File.WriteAllTextAsync(beside, module, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), cancellationToken).ConfigureAwait(false);
        File.Move(beside, file, overwrite: true);
    }
}
