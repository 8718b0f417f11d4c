using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>What shows only when all tasks are seen together: files per container, and names given twice.</summary>
internal static class TaskSet
{
    /// <summary>A file per container, in alphabetical order. Of two tasks with one handle only the first gets it; the other has a fault.</summary>
    public static IEnumerable<ContainerFile> Containers(ImmutableArray<TaskModel?> tasks)
    {
        var hints = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var group in tasks.OfType<TaskModel>().GroupBy(task => task.Container).OrderBy(group => group.Key.FullName, StringComparer.Ordinal))
        {
            // File names may not differ by case alone, as classes may.
            var hint = group.Key.FullName;
            while (!hints.Add(hint))
            {
                hint += "_";
            }
            yield return new($"{hint}.g.cs", group.Key, group.GroupBy(task => task.Handle, StringComparer.Ordinal).Select(same => same.First()).ToEquatableArray());
        }
    }

    /// <summary>Every fault: those of single tasks, then those of two together.</summary>
    public static EquatableArray<Fault> Faults(ImmutableArray<ParsedTask> tasks)
    {
        var places = tasks.Select(task => task.Place).OfType<TaskPlace>().ToList();
        var duplicates = Later(places, place => place.WireName).Select(pair => Fault.Of(
            Diagnostics.DuplicateName, pair.Later.WireNamePlace, pair.Later.WireName, pair.Later.Method, pair.First.Method));
        var clashes = Later(places, place => $"{place.Container}.{place.Handle}").Select(pair => Fault.Of(
            Diagnostics.HandleClash, pair.Later.MethodPlace, pair.Later.Handle, pair.Later.Method.Split('.').Last(), $"the handle of another '{pair.First.Method}'"));
        return tasks.SelectMany(task => task.Faults).Concat(duplicates).Concat(clashes).ToEquatableArray();
    }

    private static IEnumerable<(TaskPlace First, TaskPlace Later)> Later(IEnumerable<TaskPlace> places, Func<TaskPlace, string> key) =>
        places.GroupBy(key, StringComparer.Ordinal).SelectMany(group => group.Skip(1).Select(later => (group.First(), later)));
}
