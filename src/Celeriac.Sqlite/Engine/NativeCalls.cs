using System.Runtime.InteropServices;
using SQLitePCL;

namespace Celeriac.Sqlite.Engine;

/// <summary>
/// SQLite's calls for each value and row, of which a task needs some eighty, straight to the library that SQLitePCLRaw has loaded. Through that package's own methods
/// each costs a counted reference to its handle and a change of the thread's state, together several times what SQLite then does.
/// </summary>
/// <remarks>
/// Handles are SQLitePCLRaw's: whoever calls keeps the <c>sqlite3_stmt</c> or <c>sqlite3</c> alive, and uses it on one thread at a time.
/// Calls that return at once run without telling the garbage collector; what may take longer (<c>step</c>, <c>reset</c>, copies of bodies) tells it.
/// </remarks>
internal static unsafe class NativeCalls
{
    // SQLITE_TRANSIENT: SQLite makes its own copy before the call returns.
    private const nint Transient = -1;

    private static readonly nint s_library = NativeLibrary.Load(raw.GetNativeLibraryName(), typeof(raw).Assembly, null);
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, long, int> s_bindInt64 =
        (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, long, int>)Find("sqlite3_bind_int64");
    private static readonly delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int> s_bindBlob = (delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int>)Find("sqlite3_bind_blob");
    private static readonly delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int> s_bindText = (delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int>)Find("sqlite3_bind_text");
    private static readonly delegate* unmanaged[Cdecl]<nint, int> s_step = (delegate* unmanaged[Cdecl]<nint, int>)Find("sqlite3_step");
    private static readonly delegate* unmanaged[Cdecl]<nint, int> s_reset = (delegate* unmanaged[Cdecl]<nint, int>)Find("sqlite3_reset");
    private static readonly delegate* unmanaged[Cdecl]<nint, int> s_clearBindings = (delegate* unmanaged[Cdecl]<nint, int>)Find("sqlite3_clear_bindings");
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, int> s_columnType = (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, int>)Find("sqlite3_column_type");
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, long> s_columnInt64 = (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, long>)Find("sqlite3_column_int64");
    private static readonly delegate* unmanaged[Cdecl]<nint, int, byte*> s_columnBlob = (delegate* unmanaged[Cdecl]<nint, int, byte*>)Find("sqlite3_column_blob");
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, int> s_columnBytes = (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int, int>)Find("sqlite3_column_bytes");
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int> s_changes = (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, int>)Find("sqlite3_changes");

    public static int BindNumber(nint statement, int parameter, long value) => s_bindInt64(statement, parameter, value);

    public static int BindBlob(nint statement, int parameter, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = &NotNull(value))
        {
            return s_bindBlob(statement, parameter, bytes, value.Length, Transient);
        }
    }

    public static int BindText(nint statement, int parameter, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = &NotNull(value))
        {
            return s_bindText(statement, parameter, bytes, value.Length, Transient);
        }
    }

    public static int Step(nint statement) => s_step(statement);

    public static int Reset(nint statement) => s_reset(statement);

    public static int ClearBindings(nint statement) => s_clearBindings(statement);

    public static int TypeOf(nint statement, int column) => s_columnType(statement, column);

    public static long ReadNumber(nint statement, int column) => s_columnInt64(statement, column);

    /// <summary>The bytes of a column, in SQLite's memory: valid until the next step.</summary>
    public static ReadOnlySpan<byte> ReadBlob(nint statement, int column)
    {
        // In this order: the number of bytes is that of the form that was asked for last.
        var bytes = s_columnBlob(statement, column);
        return bytes is null ? [] : new(bytes, s_columnBytes(statement, column));
    }

    public static int Changes(nint database) => s_changes(database);

    // A null pointer would store NULL in place of nothing.
    private static ref readonly byte NotNull(ReadOnlySpan<byte> value) => ref value.IsEmpty ? ref Nothing[0] : ref MemoryMarshal.GetReference(value);

    private static ReadOnlySpan<byte> Nothing => [0];

    private static nint Find(string name) => NativeLibrary.GetExport(s_library, name);
}
