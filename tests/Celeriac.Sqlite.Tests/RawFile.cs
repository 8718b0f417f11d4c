using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Tests;

/// <summary>The file as another program sees it.</summary>
internal static class RawFile
{
    public static long Number(string path, string sql) => Use(path, database => database.ReadNumber(sql));

    public static string? Text(string path, string sql) => Use(path, database => database.ReadText(sql));

    public static string Explain(string path, string sql) => Use(path, database =>
    {
        using var plan = database.Prepare("EXPLAIN QUERY PLAN " + sql);
        Assert.True(plan.Read());
        return plan.Text(3);
    });

    public static void Execute(string path, string sql) => Use(path, database =>
    {
        database.Execute(sql);
        return 0;
    });

    /// <summary>How often a query with three numbers is compiled anew when it is read with other ones.</summary>
    public static int CountRecompilations(string path, string sql) => Use(path, database =>
    {
        var query = database.Prepare(sql);
        for (var number = 1L; number <= 3; number++)
        {
            query.With(number).With(number).With(number).HasRow();
        }
        return query.Recompilations;
    });

    /// <summary>Holds the write lock, as a process that was stopped in the middle of a transaction does.</summary>
    public static IDisposable Lock(string path)
    {
        var database = Database.Open(path, create: false, TimeSpan.FromSeconds(10));
        database.Execute("BEGIN IMMEDIATE");
        return database;
    }

    private static TAnswer Use<TAnswer>(string path, Func<Database, TAnswer> use)
    {
        using var database = Database.Open(path, create: true, TimeSpan.FromSeconds(10));
        return use(database);
    }
}
