namespace Celeriac.Generators;

/// <summary>The method of a handle that leaves the first parameter open, for the result of the task before. A task without parameters has none.</summary>
internal static class PartialEmitter
{
    public static void Partial(SourceBuilder source, TaskModel task, string result, string self)
    {
        var travelling = task.Parameters.Where(parameter => parameter.Travels).ToList();
        if (travelling.Count == 0)
        {
            return;
        }
        var open = travelling[0];
        // Of a params array one element comes first, and the others may follow.
        var rest = open.IsRest ? travelling : [.. travelling.Skip(1)];
        var arguments = string.Concat(rest.Select(parameter => parameter switch
        {
            { IsRest: true, MayBeNull: true } => $".AddRest({parameter.Name} ?? [])",
            { IsRest: true } => $".AddRest({parameter.Name})",
            _ => $".Add({parameter.Name})",
        }));
        source.Line("/// <summary>What to call with the result of the task before as its first argument; not yet sent.</summary>");
        HandleEmitter.Declaration(source, $"public global::Celeriac.Partial<{(open.IsRest ? open.Element : open.Type)}, {result}> Partial", HandleEmitter.Parameters(rest));
        source.Continued(task.SendsKeywords
            ? $"new({self}SignKeywords(new global::Celeriac.ArgumentWriter({self}Definition, 1){arguments}.Finish()));"
            : $"new({self}Sign(new global::Celeriac.ArgumentWriter(){arguments}.Finish()));").Line();
    }
}
