namespace Celeriac.Generators;

/// <summary>Writes the method that a worker runs: arguments into locals named as the parameters, then the call.</summary>
internal static class InvokerEmitter
{
    private const string Bytes = "global::System.Threading.Tasks.ValueTask<global::System.ReadOnlyMemory<byte>>";

    public static void Invoker(SourceBuilder source, TaskModel task)
    {
        var names = task.Parameters.Select(parameter => parameter.Name).ToList();
        var call = TaskNames.Free("call", names);
        source.Line($"private static {(task.IsAwaited ? "async " : "")}{Bytes} Invoke(global::Celeriac.TaskInvocation {call})").Open();
        Arguments(source, task, call);
        var target = Target(source, task, call, names);
        var arguments = string.Join(", ", task.Parameters.Select(parameter => parameter.Kind switch
        {
            ParameterKind.Context => $"{call}.Context",
            ParameterKind.Cancellation => $"{call}.CancellationToken",
            _ => parameter.Name,
        }));
        Call(source, task, $"{target}.{task.Method}({arguments})", TaskNames.Free("result", names));
        source.Close();
    }

    private static void Arguments(SourceBuilder source, TaskModel task, string call)
    {
        var index = 0;
        foreach (var parameter in task.Parameters.Where(parameter => parameter.Travels))
        {
            var read = parameter.Kind switch
            {
                ParameterKind.Rest => $"GetRest<{parameter.Element}>({index})",
                ParameterKind.Optional => $"GetOr<{parameter.Type}>({index}, {parameter.Default})",
                _ => $"Get<{parameter.Type}>({index})",
            };
            source.Line($"var {parameter.Name} = {call}.Arguments.{read};");
            index++;
        }
    }

    /// <summary>What the method is called on.</summary>
    private static string Target(SourceBuilder source, TaskModel task, string call, List<string> names)
    {
        if (task.Instance is null)
        {
            return task.Container.Reference;
        }
        var target = TaskNames.Free("target", names);
        source.Line($"var {target} = {(call == "call" ? task.Instance : task.Instance.Replace("call.", $"{call}."))};");
        return target;
    }

    private static void Call(SourceBuilder source, TaskModel task, string call, string result)
    {
        var awaited = task.IsAwaited ? $"await {call}.ConfigureAwait(false)" : call;
        if (task.ResultType is null)
        {
            source.Line($"{awaited};");
            source.Line(task.IsAwaited ? "return global::Celeriac.TaskInvocation.NoResult;" : "return new(global::Celeriac.TaskInvocation.NoResult);");
            return;
        }
        source.Line($"{task.ResultType} {result} = {awaited};");
        var bytes = $"global::Celeriac.TaskInvocation.Result<{task.ResultType}>({result})";
        source.Line(task.IsAwaited ? $"return {bytes};" : $"return new({bytes});");
    }
}
