using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Files;

/// <summary>Looks at where the file lies before SQLite does, whose own words ("unable to open database file") name no cause.</summary>
internal static class PlaceCheck
{
    // File systems on which several machines, or a machine and its guest, do not share memory maps or locks.
    private static readonly string[] NetworkFileSystems =
        ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "v9fs", "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "sshfs", "ceph", "glusterfs", "fuse.glusterfs", "lustre", "afs", "webdav", "davfs", "coda", "ncp", "ncpfs"];

    /// <summary>Refuses a folder that is missing or lies on a network file system.</summary>
    /// <exception cref="TransportRefusedException">The place cannot hold the file.</exception>
    public static void Require(SqliteOptions options, ILogger logger)
    {
        var folder = Path.GetDirectoryName(options.Path);
        if (folder is null || Directory.Exists(options.Path))
        {
            throw new TransportRefusedException($"'{options.Path}' is a folder. Name a file in it, for example '{Path.Combine(options.Path, "celeriac.db")}'.");
        }
        if (!Directory.Exists(folder))
        {
            throw new TransportRefusedException($"'{options.Path}' cannot be opened: the folder '{folder}' does not exist. Make it, or correct the path.");
        }
        if (NetworkFileSystem(folder) is not { } fileSystem)
        {
            return;
        }
        if (!options.AllowNetwork)
        {
            throw new TransportRefusedException($"'{options.Path}' is on the network file system '{fileSystem}', where SQLite's locks and shared memory do not work between machines. Put the file on a local disk, or use a broker; allow_network=true opens it at your own risk.");
        }
        Log.NetworkAllowed(logger, options.Path, fileSystem);
    }

    /// <summary>True when a file system of this name is shared over a network.</summary>
    internal static bool IsNetwork(string fileSystem) => NetworkFileSystems.Contains(fileSystem, StringComparer.OrdinalIgnoreCase);

    private static string? NetworkFileSystem(string folder)
    {
        try
        {
            var drive = new DriveInfo(folder);
            return drive.DriveType == DriveType.Network || IsNetwork(drive.DriveFormat) ? drive.DriveFormat : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // What the system does not tell cannot be refused; a UNC path on Windows is one of these.
            return folder.StartsWith(@"\\", StringComparison.Ordinal) ? "UNC" : null;
        }
    }
}
