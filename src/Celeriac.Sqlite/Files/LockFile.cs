using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Celeriac.Sqlite.Files;

/// <summary>
/// An empty file beside the database that carries an advisory lock between processes (flock), or serves as the bell that rings when its time is set.
/// The kernel gives the lock back when its process dies.
/// </summary>
internal sealed partial class LockFile : IDisposable
{
    private const int Exclusive = 2;
    private const int WithoutWaiting = 4;
    private const int Unlock = 8;
    private const int ReadWrite = 2;
    private const int Interrupted = 4;

    private readonly SafeFileHandle _handle;

    private LockFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>True where locks work; elsewhere <see cref="Lock"/> and <see cref="TryLock"/> must not be called.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Opens the file and makes it where it does not exist.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public static LockFile Open(string path)
    {
        if (!IsSupported)
        {
            return new LockFile(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        }
        if (!File.Exists(path))
        {
            Make(path);
        }
        // Not File.OpenHandle: .NET takes a shared flock of its own on what it opens, which would stand in the way of ours.
        var descriptor = OpenExisting(path, ReadWrite | (OperatingSystem.IsLinux() ? 0x80000 : 0x1000000));
        if (descriptor < 0)
        {
            throw new UnauthorizedAccessException($"'{path}' cannot be opened for writing: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        return new LockFile(new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>Takes the lock if it is free.</summary>
    public bool TryLock() => Flock(_handle, Exclusive | WithoutWaiting) == 0;

    /// <summary>Waits for the lock, however long; false where the system cannot give it at all.</summary>
    public bool Lock()
    {
        while (Flock(_handle, Exclusive) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Gives the lock back.</summary>
    public void Release() => _ = Flock(_handle, Unlock);

    /// <summary>Sets the file's time, which whoever watches the folder is told.</summary>
    public void Ring(DateTimeOffset now) => File.SetLastWriteTimeUtc(_handle, now.UtcDateTime);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static void Make(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process made it in this moment and has locked it already.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenExisting(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle descriptor, int operation);
}
