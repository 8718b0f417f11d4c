using static SQLitePCL.raw;

namespace Celeriac.Sqlite.Engine;

/// <summary>An error of the SQLite library, before <see cref="SqliteErrors"/> has put it into the user's words.</summary>
internal sealed class DatabaseException(int extendedCode, string text) : Exception(text)
{
    /// <summary>The extended result code.</summary>
    public int ExtendedCode { get; } = extendedCode;

    /// <summary>The primary result code: the low byte of the extended one.</summary>
    public int Code => ExtendedCode & 0xFF;

    /// <summary>True when another connection is in the way and the same call may succeed in a moment.</summary>
    public bool IsBusy => Code is SQLITE_BUSY or SQLITE_LOCKED;
}
