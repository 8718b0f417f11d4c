using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;

namespace Celeriac.Working.Processes;

/// <summary>Starts a child: the program again, a socket that only its user can reach, and what it writes passed on with its process id.</summary>
internal sealed class ChildStart(ChildCommand command, string node, TimeProvider time)
{
    /// <summary>How long a program may take to build its host and report.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <exception cref="ChildStartException">It does not start, ends, or does not report in time.</exception>
    public async Task<PoolChild> RunAsync(ChildEars ears, int generation, CancellationToken cancellationToken)
    {
        // Only this user may enter the folder; it goes as soon as the child is connected.
        var folder = Directory.CreateTempSubdirectory("celeriac-");
        try
        {
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            var address = Path.Combine(folder.FullName, "pool");
            listener.Bind(new UnixDomainSocketEndPoint(address));
            listener.Listen(1);
            return await ConnectAsync(StartProcess(address), listener, ears, generation, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or ArgumentException or Win32Exception or IOException)
        {
            throw new ChildStartException(error.Message, error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private ChildProcess StartProcess(string address)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[ChildMarker.Variable] = ChildMarker.Text(node, address);
        return ChildProcess.Start(start);
    }

    private async Task<PoolChild> ConnectAsync(ChildProcess process, Socket listener, ChildEars ears, int generation, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var impatience = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), waiting, Patience, Timeout.InfiniteTimeSpan);
        _ = process.Ended.ContinueWith(static (_, source) => Cancel((CancellationTokenSource)source!), waiting, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        FrameConnection? connection = null;
        try
        {
            connection = new FrameConnection(await listener.AcceptAsync(waiting.Token).ConfigureAwait(false));
            Check(await connection.ReceiveAsync(waiting.Token).ConfigureAwait(false));
            return new PoolChild(process, connection, ears, time) { Generation = generation };
        }
        catch (Exception error) when (error is OperationCanceledException or ChildStartException or IOException or SocketException or InvalidDataException)
        {
            connection?.Dispose();
            var reason = Reason(process, error);
            process.Kill();
            cancellationToken.ThrowIfCancellationRequested();
            throw new ChildStartException(reason, error);
        }
    }

    private static void Check(Frame? hello)
    {
        if (hello is not { Kind: FrameKind.Hello } frame)
        {
            throw new ChildStartException("it left without a word", null);
        }
        using var reader = Payload.Read(frame.Payload);
        if (reader.ReadInt32() is var version && version != Frame.Version)
        {
            throw new ChildStartException($"it speaks version {version} of the pool's frames and this worker version {Frame.Version}: the program was replaced while the worker runs. Restart the worker", null);
        }
    }

    private static string Reason(ChildProcess process, Exception error) =>
        process.Ended.IsCompletedSuccessfully ? $"it ended before it had reported: {Signals.Status(process.ExitCode)}. What it wrote stands above"
        : error is ChildStartException ? error.Message
        : $"it did not report within {Patience.TotalSeconds} s. The program must come to RunCeleriacAsync, or start its host, whenever it is started with the same arguments";

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The child has reported long ago.
        }
    }
}

/// <summary>A child process did not start.</summary>
internal sealed class ChildStartException(string message, Exception? inner) : Exception(message, inner);
