using System.Globalization;
using System.Text;

namespace Celeriac.CommandLine.Stubs;

/// <summary>
/// Writes the Python side of C# tasks: a module in which each task is an object named as on the wire (<c>math.add</c>), with Celery's methods and the task's own
/// signature, so that an editor completes it and a type checker checks it.
/// </summary>
internal sealed class PythonModule
{
    private const int LongestLine = 110;

    private readonly StringBuilder _text = new();
    private readonly CeleriacOptions _options;

    private PythonModule(CeleriacOptions options) => _options = options;

    /// <summary>The module's text, with \n as line ends, the same for the same tasks.</summary>
    public static string Write(IEnumerable<TaskDefinition> tasks, CeleriacOptions options)
    {
        var module = new PythonModule(options);
        module.Members(tasks.OrderBy(task => task.Name, StringComparer.Ordinal).Select(task => (task.Name.Split('.'), task)).ToList(), depth: 0);
        return PythonPreamble.Write(module._text.ToString());
    }

    /// <summary>The classes and functions of one level of dotted names.</summary>
    private void Members(IReadOnlyList<(string[] Parts, TaskDefinition Task)> tasks, int depth)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in tasks.Where(task => task.Parts.Length > depth + 1).GroupBy(task => task.Parts[depth], StringComparer.Ordinal))
        {
            Separate(depth);
            Line(depth, $"class {PythonNames.Free(group.Key, taken)}:");
            Line(depth + 1, $"\"\"\"The C# tasks whose names begin with {PythonNames.Text(string.Join('.', group.First().Parts.Take(depth + 1)))[1..^1]}.\"\"\"");
            Members([.. group], depth + 1);
        }
        // Of a task and a group of tasks with one name the group has it, because its name is part of many.
        foreach (var (parts, task) in tasks.Where(task => task.Parts.Length == depth + 1))
        {
            Separate(depth);
            Task(PythonNames.Free(parts[depth], taken), task, depth);
        }
    }

    private void Task(string name, TaskDefinition task, int depth)
    {
        Line(depth, $"@_task({PythonNames.Text(task.Name)}{Options(task)})");
        if (depth > 0)
        {
            Line(depth, "@staticmethod");
        }
        var parameters = task.Parameters.Zip(PythonNames.Parameters(task), Parameter).ToList();
        var oneLine = $"def {name}({string.Join(", ", parameters)}) -> {task.PythonResult ?? "_typing.Any"}:";
        if (oneLine.Length + (depth * 4) <= LongestLine)
        {
            Line(depth, oneLine);
        }
        else
        {
            Line(depth, $"def {name}(");
            parameters.ForEach(parameter => Line(depth + 1, $"{parameter},"));
            Line(depth, $") -> {task.PythonResult ?? "_typing.Any"}:");
        }
        Documentation(task, depth + 1);
        Line(depth + 1, "raise NotImplementedError");
    }

    /// <summary>What the C# documentation says, and which method it is.</summary>
    private void Documentation(TaskDefinition task, int depth)
    {
        var method = PythonNames.Text(task.Method)[1..^1];
        if (task.Summary is null)
        {
            Line(depth, $"\"\"\"{method}\"\"\"");
            return;
        }
        Line(depth, $"\"\"\"{PythonNames.Text(task.Summary)[1..^1]}");
        _text.Append('\n');
        Line(depth, method);
        Line(depth, "\"\"\"");
    }

    /// <summary>Where and how the calls go, when the C# side says so; else the Python app's own routes decide.</summary>
    private string Options(TaskDefinition task)
    {
        var queue = task.Options.Queue ?? (_options.DefaultQueue == new CeleriacOptions().DefaultQueue ? null : _options.DefaultQueue);
        return (queue is null ? "" : $", queue={PythonNames.Text(queue)}")
            + (task.Options.Priority == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", priority={task.Options.Priority}"));
    }

    private static string Parameter(TaskParameter parameter, string name)
    {
        var type = parameter.PythonType ?? "_typing.Any";
        return parameter.Kind is TaskParameterKind.Rest ? $"*{name}: {type}"
            : parameter.Kind is TaskParameterKind.Optional ? $"{name}: {type} = {parameter.PythonDefault ?? "_default"}"
            : $"{name}: {type}";
    }

    /// <summary>Two empty lines between what stands at the left, one inside a class.</summary>
    private void Separate(int depth) => _text.Append(depth == 0 ? "\n\n" : "\n");

    private void Line(int depth, string text) => _text.Append(' ', depth * 4).Append(text).Append('\n');
}
