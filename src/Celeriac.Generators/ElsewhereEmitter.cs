namespace Celeriac.Generators;

/// <summary>Writes the body of a partial method whose task runs in another program: send, then wait for the result.</summary>
internal static class ElsewhereEmitter
{
    public static void Body(SourceBuilder source, TaskModel task)
    {
        var names = task.Parameters.Select(parameter => parameter.Name).ToList();
        var sent = TaskNames.Free("sent", names);
        var token = task.Parameters.FirstOrDefault(parameter => parameter.Kind is ParameterKind.Cancellation)?.Name;
        var arguments = task.Parameters.Where(parameter => parameter.Travels).Select(parameter => parameter.Name).ToList();
        if (token is not null && !task.Parameters.Any(parameter => parameter.IsRest))
        {
            arguments.Add(token);
        }
        var parameters = task.Parameters.Select(parameter => $"{(parameter.IsRest ? "params " : "")}{parameter.Type} {parameter.Name}");
        source.Line($"{task.PartialDeclaration}({string.Join(", ", parameters)})").Open();
        source.Line($"var {sent} = await {task.Handle}.DelayAsync({string.Join(", ", arguments)}).ConfigureAwait(false);");
        var get = $"await {sent}.GetAsync({(token is null ? "" : $"null, {token}")}).ConfigureAwait(false);";
        source.Line(task.ResultType is null ? get : $"return {get}").Close().Line();
    }
}
