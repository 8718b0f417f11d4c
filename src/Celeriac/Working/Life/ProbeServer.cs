using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Life;

/// <summary>
/// Answers <c>GET /live</c>, <c>/ready</c> and <c>/lag</c> with 200 or 503 and a line of JSON, for supervisors of a worker without a web server. One request a
/// connection, few at once, each bounded in bytes and time.
/// </summary>
internal sealed class ProbeServer : IDisposable
{
    private const int MostAtOnce = 32;
    private static readonly TimeSpan s_longestRequest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private readonly TcpListener _listener;
    private readonly Func<string, CancellationToken, Task<HealthAnswer>> _ask;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _free = new(MostAtOnce, MostAtOnce);

    /// <exception cref="InvalidOperationException">The address is taken or not this machine's.</exception>
    public ProbeServer(IPEndPoint address, Func<string, CancellationToken, Task<HealthAnswer>> ask, string node, TimeProvider time, ILogger log)
    {
        (_ask, _node, _time, _log) = (ask, node, time, log);
        _listener = new TcpListener(address);
        try
        {
            _listener.Start();
        }
        catch (SocketException error)
        {
            _listener.Dispose();
            throw new InvalidOperationException($"The probe cannot listen on '{address}': {error.Message}. Give another port or address in worker_probe.", error);
        }
        Address = (IPEndPoint)_listener.LocalEndpoint;
        Log.ProbeListens(_log, _node, Address);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Answers until the token fires.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _free.WaitAsync(stop).ConfigureAwait(false);
                var socket = await AcceptAsync(stop).ConfigureAwait(false);
                _ = Task.Run(() => ServeAsync(socket, stop), CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                // Told to stop.
            }
            catch (SocketException error)
            {
                Log.ProbeFaulted(_log, error, _node);
                await Task.Delay(s_pause, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task<Socket> AcceptAsync(CancellationToken stop)
    {
        try
        {
            return await _listener.AcceptSocketAsync(stop).ConfigureAwait(false);
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(s_longestRequest, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            using (socket)
            {
                var (fault, path) = await ProbeRequest.ReadAsync(socket, end.Token).ConfigureAwait(false);
                var answer = fault == 0 ? await _ask(path, end.Token).ConfigureAwait(false) : new HealthAnswer(false, "GET /live, /ready or /lag");
                var status = fault != 0 ? fault : answer.IsWell ? 200 : 503;
                await SendAsync(socket, Response(status, path, answer), end.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // Whoever asked has gone or was too slow.
        }
        finally
        {
            _free.Release();
        }
    }

    private static async ValueTask SendAsync(Socket socket, byte[] response, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < response.Length;)
        {
            sent += await socket.SendAsync(response.AsMemory(sent), SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        socket.Shutdown(SocketShutdown.Send);
    }

    private byte[] Response(int status, string path, HealthAnswer answer)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("worker", _node);
            json.WriteString("probe", path.TrimStart('/'));
            json.WriteBoolean("ok", status == 200);
            json.WriteString("text", answer.Text);
            json.WriteEndObject();
        }
        body.WriteByte((byte)'\n');
        var head = string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {ReasonOf(status)}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body.ToArray()];
    }

    private static string ReasonOf(int status) => status switch
    {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
}
