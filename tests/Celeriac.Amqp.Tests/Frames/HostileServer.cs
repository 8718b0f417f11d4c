using System.Net;
using System.Net.Sockets;
using Celeriac.Amqp.Client;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests.Frames;

/// <summary>A server that says what a fact wants: a login that is right, then any bytes.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private NetworkStream? _stream;

    public HostileServer() => _listener.Start();

    public BrokerUrl Url => BrokerUrl.Parse($"amqp://guest:guest@127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Logs one client in and opens its first channel; both ends.</summary>
    /// <param name="frameMax">What the server wants as the largest frame.</param>
    public async Task<(IAmqpLink Link, IAmqpChannel Channel)> AcceptAsync(uint frameMax = 4096)
    {
        var dialing = DialAsync();
        _stream = (await _listener.AcceptTcpClientAsync()).GetStream();
        await LogInAsync(frameMax);
        var link = await dialing;
        var opening = link.OpenChannelAsync(confirms: false);
        await SendAsync(new MethodFrame(1, Methods.ChannelOpenOk).Long([]));
        return (link, await opening);
    }

    /// <summary>Takes a client that it does not log in.</summary>
    public async Task<Task<IAmqpLink>> AcceptAndSayAsync(byte[] bytes)
    {
        var dialing = DialAsync();
        _stream = (await _listener.AcceptTcpClientAsync()).GetStream();
        await _stream.WriteAsync(bytes);
        return dialing;
    }

    public Task SendAsync(MethodFrame frame) => SendAsync(frame.Finish().ToArray());

    public async Task SendAsync(byte[] bytes) => await _stream!.WriteAsync(bytes);

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
        _listener.Stop();
    }

    private Task<IAmqpLink> DialAsync() => new ClientDialer(AmqpOptions.From(Url), TimeProvider.System).DialAsync(Url, TestContext.Current.CancellationToken);

    private async Task LogInAsync(uint frameMax)
    {
        await SendAsync(new MethodFrame(0, Methods.ConnectionStart).UInt16(9).Table(MessageHeaders.Empty.With("product", "RabbitMQ").With("version", "3.13.0")).Long("PLAIN"u8).Long("en_US"u8));
        await SendAsync(new MethodFrame(0, Methods.ConnectionTune).UInt16(3).UInt32(frameMax).UInt16(0));
        await SendAsync(new MethodFrame(0, Methods.ConnectionOpenOk).Byte(0));
    }
}
