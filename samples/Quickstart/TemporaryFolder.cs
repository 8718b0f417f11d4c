namespace Celeriac.Samples;

/// <summary>A folder of the program's own that is deleted with it.</summary>
internal sealed class TemporaryFolder(string prefix) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory(prefix);

    /// <summary>The path of a file in the folder.</summary>
    internal string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>The broker URL of an SQLite file in the folder.</summary>
    internal string SqliteUrl(string name) => "sqlite://" + Uri.EscapeDataString(PathOf(name)).Replace("%2F", "/", StringComparison.Ordinal);

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A virus scanner may still look at a file; the system clears its temporary folder some day.
        }
    }
}
