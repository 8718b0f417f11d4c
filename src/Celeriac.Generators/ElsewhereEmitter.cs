namespace Celeriac.Generators;

/// <summary>Writes the body of a partial method whose task runs in another program: send, then wait for the result.</summary>
internal static class ElsewhereEmitter
{
    public static void Body(SourceBuilder source, TaskModel task)
    {
        var names = task.Parameters.Select(parameter => parameter.Name).ToList();
        var sent = TaskNames.Free("sent", names);
        var token = task.Parameters.FirstOrDefault(parameter => parameter.Kind is ParameterKind.Cancellation)?.Name;
        var parameters = task.Parameters.Select(parameter => $"{(parameter.IsRest ? "params " : "")}{parameter.Type} {parameter.Name}");
        source.Line("[global::Celeriac.RunsElsewhere]");
        source.Line($"{task.PartialDeclaration}({string.Join(", ", parameters)})").Open();
        source.Line($"var {sent} = await {Send(task, names, token)}.ConfigureAwait(false);");
        var get = $"await {sent}.GetAsync({(token is null ? "" : $"null, {token}")}).ConfigureAwait(false);";
        source.Line(task.ResultType is null ? get : $"return {get}").Close().Line();
    }

    private static string Send(TaskModel task, List<string> names, string? token)
    {
        var handle = names.Contains(task.Handle) ? $"{task.Container.Reference}.{task.Handle}" : task.Handle;
        if (task.Options.Contains("IgnoreResult = true"))
        {
            // Whoever calls the method waits for its end, and of an ignored result nothing would ever tell it.
            handle += ".With(ignoreResult: false)";
        }
        var arguments = task.Parameters.Where(parameter => parameter.Travels).Select(parameter => parameter.Name).ToList();
        if (token is not null && task.Parameters.Any(parameter => parameter.IsRest))
        {
            // Nothing may follow a params array, so DelayAsync takes no token there.
            return $"global::Celeriac.TaskClient.Current.SendAsync({handle}.S({string.Join(", ", arguments)}), {token})";
        }
        if (token is not null)
        {
            arguments.Add(token);
        }
        return $"{handle}.DelayAsync({string.Join(", ", arguments)})";
    }
}
