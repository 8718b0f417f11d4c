namespace Celeriac.Generators;

/// <summary>Writes the handle without options, which holds the task's definition.</summary>
internal static class DefinitionEmitter
{
    private const string FailedTask = "global::Celeriac.FailedTask";
    private const string Kind = "global::Celeriac.TaskParameterKind";

    public static void Instance(SourceBuilder source, TaskModel task)
    {
        source.Line($"internal static readonly {task.Handle}Handle Instance = new(").Open("    new global::Celeriac.TaskDefinition").Line("{");
        source.Continued($"Name = {DefaultValue.Text(task.WireName)},");
        source.Continued($"Method = {DefaultValue.Text($"{task.Container.FullName}.{task.Method.TrimStart('@')}")},");
        Parameters(source, task);
        source.Continued($"Invoker = {(task.PartialDeclaration is null ? "Invoke" : "null")},");
        if (task.PartialDeclaration is null)
        {
            source.Continued($"PythonResult = {DefaultValue.Text(task.PythonResult)},");
            if (task.Summary is not null)
            {
                source.Continued($"Summary = {DefaultValue.Text(task.Summary)},");
            }
        }
        Options(source, task);
        if (task.Hooks is not null)
        {
            source.Continued($"Hooks = static call => {task.Hooks},");
        }
        if (!task.IsAwaited)
        {
            source.Continued("IsSynchronous = true,");
        }
        source.Line("},").Line("global::Celeriac.SendOptions.None,").Close("    client: null);").Line();
    }

    private static void Options(SourceBuilder source, TaskModel task)
    {
        if (task.Options.Count is 1 or 2)
        {
            source.Continued($"Options = new() {{ {string.Join(", ", task.Options)} }},");
        }
        else if (task.Options.Count > 2)
        {
            source.Continued("Options = new()").Continued("{");
            foreach (var option in task.Options)
            {
                source.Continued($"    {option},");
            }
            source.Continued("},");
        }
    }

    private static void Parameters(SourceBuilder source, TaskModel task)
    {
        var parameters = task.Parameters.Where(parameter => parameter.Travels).ToList();
        if (parameters.Count == 0)
        {
            source.Continued("Parameters = [],");
            return;
        }
        source.Continued("Parameters =").Continued("[");
        foreach (var parameter in parameters)
        {
            source.Continued($"    new({DefaultValue.Text(parameter.Name.TrimStart('@'))}, {Kind}.{parameter.Kind}, {DefaultValue.Text(parameter.DisplayType)}{Python(task, parameter)}){(parameter.Type.TrimEnd('?') == FailedTask ? " { IsFailedTask = true }" : "")},");
        }
        source.Continued("],");
    }

    /// <summary>How Python sees the parameter, where Python can call the task.</summary>
    private static string Python(TaskModel task, ParameterModel parameter) => task.PartialDeclaration is not null ? ""
        : parameter.PythonDefault is null ? $", {DefaultValue.Text(parameter.PythonType)}"
        : $", {DefaultValue.Text(parameter.PythonType)}, {DefaultValue.Text(parameter.PythonDefault)}";
}
