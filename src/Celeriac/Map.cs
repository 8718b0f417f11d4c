namespace Celeriac;

/// <summary>Makes one run in which a task is called with each item, one after the other (Celery's <c>map</c>). Generated handles have it too: <c>PriceTask.Map(orders)</c>.</summary>
public static class Map
{
    /// <summary>The results in the order of the items. The first call that fails is the end of all.</summary>
    /// <typeparam name="TIn">What the task takes.</typeparam>
    /// <typeparam name="TOut">What the task returns.</typeparam>
    /// <param name="task">The task. Arguments that it has already follow each item.</param>
    /// <param name="items">What it is called with.</param>
    /// <exception cref="ArgumentException">It is a workflow, or has keyword arguments, callbacks or errbacks, which Celery would drop.</exception>
    public static Signature<TOut[]> Of<TIn, TOut>(Partial<TIn, TOut> task, IEnumerable<TIn> items)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(items);
        return Mapping.Map(task.Untyped, items.Select(TaskJson.Encode)).As<TOut[]>();
    }
}

/// <summary>
/// Makes one run in which a task is called with each list of arguments, one after the other (Celery's <c>starmap</c>). For tasks that are known by name only; generated
/// handles have it with their own types: <c>AddTask.StarMap([(1, 2), (3, 4)])</c>.
/// </summary>
public static class StarMap
{
    /// <summary>The results in the order of the rows. The first call that fails is the end of all.</summary>
    /// <typeparam name="TOut">What the task returns.</typeparam>
    /// <typeparam name="T1">Its first parameter.</typeparam>
    /// <typeparam name="T2">Its second parameter.</typeparam>
    /// <param name="task">The task, without arguments.</param>
    /// <param name="rows">The arguments of each call.</param>
    /// <exception cref="ArgumentException">It is a workflow, or has arguments, callbacks or errbacks.</exception>
    public static Signature<TOut[]> Of<TOut, T1, T2>(Signature<TOut> task, IEnumerable<(T1, T2)> rows) => Mapping.StarMap(task, Mapping.RowsOf(rows)).As<TOut[]>();

    /// <typeparam name="TOut">What the task returns.</typeparam>
    /// <typeparam name="T1">Its first parameter.</typeparam>
    /// <typeparam name="T2">Its second parameter.</typeparam>
    /// <typeparam name="T3">Its third parameter.</typeparam>
    /// <inheritdoc cref="Of{TOut, T1, T2}(Signature{TOut}, IEnumerable{ValueTuple{T1, T2}})"/>
    public static Signature<TOut[]> Of<TOut, T1, T2, T3>(Signature<TOut> task, IEnumerable<(T1, T2, T3)> rows) => Mapping.StarMap(task, Mapping.RowsOf(rows)).As<TOut[]>();
}

/// <summary>
/// Makes a group of runs, in each of which a task is called so many times (Celery's <c>chunks(…).group()</c>): few messages for many small calls, and yet several workers.
/// Generated handles have it with their own types: <c>AddTask.Chunks(rows, 100)</c>.
/// </summary>
public static class Chunks
{
    /// <summary>The results of each run, in the order of the items.</summary>
    /// <typeparam name="TIn">What the task takes.</typeparam>
    /// <typeparam name="TOut">What the task returns.</typeparam>
    /// <param name="task">The task, with its first parameter open and no arguments.</param>
    /// <param name="items">What it is called with.</param>
    /// <param name="size">How many calls one run makes; the last may make fewer.</param>
    /// <exception cref="ArgumentException">It is a workflow, or has arguments, callbacks or errbacks; or the size is less than 1.</exception>
    public static Group<TOut[]> Of<TIn, TOut>(Partial<TIn, TOut> task, IEnumerable<TIn> items, int size)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(items);
        return new(Mapping.Chunks(task.Untyped, items.Select(item => new ArgumentWriter().Add(item).Finish()), size));
    }

    /// <summary>The results of each run, in the order of the rows.</summary>
    /// <typeparam name="TOut">What the task returns.</typeparam>
    /// <typeparam name="T1">Its first parameter.</typeparam>
    /// <typeparam name="T2">Its second parameter.</typeparam>
    /// <param name="task">The task, without arguments.</param>
    /// <param name="rows">The arguments of each call.</param>
    /// <param name="size">How many calls one run makes; the last may make fewer.</param>
    /// <exception cref="ArgumentException">It is a workflow, or has arguments, callbacks or errbacks; or the size is less than 1.</exception>
    public static Group<TOut[]> Of<TOut, T1, T2>(Signature<TOut> task, IEnumerable<(T1, T2)> rows, int size) => new(Mapping.Chunks(task, Mapping.RowsOf(rows), size));

    /// <typeparam name="TOut">What the task returns.</typeparam>
    /// <typeparam name="T1">Its first parameter.</typeparam>
    /// <typeparam name="T2">Its second parameter.</typeparam>
    /// <typeparam name="T3">Its third parameter.</typeparam>
    /// <inheritdoc cref="Of{TOut, T1, T2}(Signature{TOut}, IEnumerable{ValueTuple{T1, T2}}, int)"/>
    public static Group<TOut[]> Of<TOut, T1, T2, T3>(Signature<TOut> task, IEnumerable<(T1, T2, T3)> rows, int size) => new(Mapping.Chunks(task, Mapping.RowsOf(rows), size));
}

/// <summary>Makes Celery's task that returns what it is given: the end of a group whose results are wanted as the result of one task.</summary>
public static class Accumulate
{
    /// <summary><c>celery.accumulate</c> with <c>index=0</c>, which every worker knows: <c>Group.Of(…) | Accumulate.Of&lt;int[]&gt;()</c>.</summary>
    /// <typeparam name="T">What it is given.</typeparam>
    public static Partial<T, T> Of<T>() => new(new Signature("celery.accumulate") { Kwargs = """{"index":0}"""u8.ToArray() });
}
