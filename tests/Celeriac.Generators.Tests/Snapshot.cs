namespace Celeriac.Generators.Tests;

/// <summary>
/// Compares generated files with the expected ones under Snapshots. To accept a change, set CELERIAC_UPDATE_SNAPSHOTS to that folder's path,
/// run the tests, and read the difference before committing it.
/// </summary>
internal static class Snapshot
{
    public static void Matches(string actual, string name)
    {
        var file = $"{name}.cs";
        if (Environment.GetEnvironmentVariable("CELERIAC_UPDATE_SNAPSHOTS") is { Length: > 0 } folder)
        {
            File.WriteAllText(Path.Combine(folder, file), actual);
            return;
        }
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", file)), actual);
    }
}
