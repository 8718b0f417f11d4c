using System.Net.Sockets;

namespace Celeriac.Conformance;

/// <summary>One connection through a <see cref="TcpProxy"/>.</summary>
internal sealed class ProxiedConnection(TcpProxy proxy, Socket client) : IDisposable
{
    private const int LargestSplit = 16;
    private const int TcpLevel = 6;
    private const int QuickAcknowledgement = 12;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Ends when both sides are closed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Forwards until a side closes or <see cref="Reset"/> is called; a failure of one side is a reset of the other.</summary>
    public async Task RunAsync()
    {
        try
        {
            client.NoDelay = true;
            await proxy.PassAsync(TrafficDirection.ToServer, _end.Token);
            await _server.ConnectAsync(proxy.ServerHost, proxy.ServerPort, _end.Token);
            await Task.WhenAll(PumpAsync(client, _server, TrafficDirection.ToServer), PumpAsync(_server, client, TrafficDirection.ToClient));
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            CloseWithReset(client);
            CloseWithReset(_server);
        }
        finally
        {
            client.Dispose();
            _server.Dispose();
            _ended.TrySetResult();
        }
    }

    /// <summary>Closes both sides at once.</summary>
    public void Reset()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    public void Dispose() => _end.Dispose();

    private ValueTask<int> ReceiveAsync(Socket from, byte[] buffer)
    {
        AcknowledgePromptly(from);
        return from.ReceiveAsync(buffer, _end.Token);
    }

    /// <summary>
    /// A server with Nagle's algorithm on must be no slower behind this network than without it. The system forgets the option with every write.
    /// </summary>
    private static void AcknowledgePromptly(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(TcpLevel, QuickAcknowledgement, BitConverter.GetBytes(1));
        }
    }

    private async Task PumpAsync(Socket from, Socket to, TrafficDirection direction)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            while (await ReceiveAsync(from, buffer) is var length and > 0)
            {
                if (proxy.Delay is { Ticks: > 0 } delay)
                {
                    await Task.Delay(delay, TimeProvider.System, _end.Token);
                }
                await proxy.PassAsync(direction, _end.Token);
                await SendAsync(to, buffer.AsMemory(0, length), direction);
            }
            await proxy.PassAsync(direction, _end.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other direction must not wait for ever on a side that is gone.
            Reset();
            throw;
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> data, TrafficDirection direction)
    {
        while (data.Length > 0)
        {
            var piece = proxy.Splits ? Math.Min(data.Length, Random.Shared.Next(1, LargestSplit + 1)) : data.Length;
            var sent = await to.SendAsync(data[..piece], _end.Token);
            AcknowledgePromptly(to);
            proxy.Count(direction, sent);
            data = data[sent..];
        }
    }

    private static void CloseWithReset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }
}
