using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using SQLitePCL;
using static SQLitePCL.raw;

namespace Celeriac.Sqlite.Engine;

/// <summary>
/// A prepared statement. Parameters are given in order with <c>With</c>; then <see cref="Run"/> executes it, or <see cref="Read"/> steps through its rows.
/// Each leaves the statement clean for the next use, also after an error.
/// </summary>
internal sealed class Statement(Database database, sqlite3_stmt handle) : IDisposable
{
    // Alive as long as the statement, which owns it.
    private readonly nint _native = handle.DangerousGetHandle();
    private const int LongestTextOnStack = 512;
    // SQLITE_STMTSTATUS_REPREPARE, which the library does not name.
    private const int TimesCompiledAnew = 5;
    private int _parameters;

    /// <summary>Gives the next parameter a number.</summary>
    public Statement With(long value) => Bound(NativeCalls.BindNumber(_native, ++_parameters, value));

    /// <summary>Gives the next parameter a number or null.</summary>
    public Statement With(long? value)
    {
        if (value is { } number)
        {
            return With(number);
        }
        // What is not given is null.
        _parameters++;
        return this;
    }

    /// <summary>Gives the next parameter bytes.</summary>
    public Statement With(ReadOnlySpan<byte> value) => Bound(NativeCalls.BindBlob(_native, ++_parameters, value));

    /// <summary>Gives the next parameter text or null.</summary>
    [SkipLocalsInit]
    public Statement With(string? value)
    {
        if (value is null)
        {
            return With((long?)null);
        }
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (length <= LongestTextOnStack)
        {
            Span<byte> text = stackalloc byte[LongestTextOnStack];
            return Bound(NativeCalls.BindText(_native, ++_parameters, text[..Encoding.UTF8.GetBytes(value, text)]));
        }
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            return Bound(NativeCalls.BindText(_native, ++_parameters, rented.AsSpan(0, Encoding.UTF8.GetBytes(value, rented))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Executes a statement without rows; answers how many rows it changed.</summary>
    public int Run()
    {
        if (Read())
        {
            Reset();
        }
        return database.Changes;
    }

    /// <summary>Steps to the next row; false after the last. Who stops before that calls <see cref="Reset"/>.</summary>
    public bool Read()
    {
        var code = NativeCalls.Step(_native);
        if (code == SQLITE_ROW)
        {
            return true;
        }
        try
        {
            database.Check(code);
        }
        finally
        {
            Reset();
        }
        return false;
    }

    /// <summary>True when the query has a row.</summary>
    public bool HasRow()
    {
        if (!Read())
        {
            return false;
        }
        Reset();
        return true;
    }

    /// <summary>The number in the first column of the first row; null for no row or a null.</summary>
    public long? ReadNumber()
    {
        if (!Read())
        {
            return null;
        }
        var number = NumberOrNull(0);
        Reset();
        return number;
    }

    /// <summary>Ends reading and forgets the parameters, with the copies of bodies that SQLite made of them.</summary>
    public void Reset()
    {
        // The code of reset repeats the error of the last step, which has been thrown already.
        _ = NativeCalls.Reset(_native);
        if (_parameters > 0)
        {
            _parameters = 0;
            _ = NativeCalls.ClearBindings(_native);
        }
    }

    /// <summary>True when the column is null.</summary>
    public bool IsNull(int column) => NativeCalls.TypeOf(_native, column) == SQLITE_NULL;

    /// <summary>The number in a column.</summary>
    public long Number(int column) => NativeCalls.ReadNumber(_native, column);

    /// <summary>The number in a column, or null.</summary>
    public long? NumberOrNull(int column) => IsNull(column) ? null : Number(column);

    /// <summary>The text in a column, NUL characters included.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(NativeCalls.ReadBlob(_native, column));

    /// <summary>The text in a column, or null.</summary>
    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A copy of the bytes in a column.</summary>
    public byte[] Bytes(int column) => NativeCalls.ReadBlob(_native, column).ToArray();

    /// <summary>How often SQLite has compiled it anew: a change of the tables is a reason, a new parameter must be none.</summary>
    public int Recompilations => sqlite3_stmt_status(handle, TimesCompiledAnew, 0);

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private Statement Bound(int code)
    {
        if (code != SQLITE_OK)
        {
            Reset();
            database.Check(code);
        }
        return this;
    }
}
