namespace Celeriac.Generators;

/// <summary>The methods of a handle that call the task many times in one run. Celery does so by position: a task that is sent with keywords has none.</summary>
internal static class MapEmitter
{
    private const string Many = "global::System.Collections.Generic.IEnumerable";

    public static void Maps(SourceBuilder source, TaskModel task, string result)
    {
        var travelling = task.Parameters.Where(parameter => parameter.Travels).ToList();
        if (travelling.Count == 0 || task.SendsKeywords)
        {
            return;
        }
        var first = travelling[0];
        if (travelling.Skip(1).All(parameter => parameter.Kind is not ParameterKind.Required))
        {
            source.Line("/// <summary>The task called with each of these, one after the other, in one run; not yet sent (Celery's <c>map</c>).</summary>");
            HandleEmitter.Declaration(source, $"public global::Celeriac.Signature<{result}[]> Map", $"{Many}<{(first.IsRest ? first.Element : first.Type)}> items");
            source.Continued("MapEach(items);").Line();
        }
        var (call, arguments) = HandleEmitter.Row(travelling);
        source.Line("/// <summary>The task called with each of these arguments, one after the other, in one run; not yet sent (Celery's <c>starmap</c>).</summary>");
        HandleEmitter.Declaration(source, $"public global::Celeriac.Signature<{result}[]> StarMap", $"{Many}<{call}> calls");
        source.Continued($"StarMapEach(global::System.Linq.Enumerable.Select(calls, call => S({arguments})));").Line();
        source.Line("/// <summary>The task called with each of these arguments, in a group of runs of so many calls; not yet sent (Celery's <c>chunks</c>).</summary>");
        HandleEmitter.Declaration(source, $"public global::Celeriac.Group<{result}[]> Chunks", $"{Many}<{call}> calls, int size");
        source.Continued($"ChunkEach(global::System.Linq.Enumerable.Select(calls, call => S({arguments})), size);").Line();
    }
}
