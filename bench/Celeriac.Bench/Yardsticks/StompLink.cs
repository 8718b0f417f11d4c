using System.Net.Sockets;
using System.Text;

namespace Celeriac.Bench.Yardsticks;

/// <summary>Raw STOMP frames on a blocking socket, as text: no heartbeats, no escapes, bodies without NUL.</summary>
internal sealed class StompLink : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _input = new byte[1 << 20];
    private int _filled;

    public StompLink(string broker)
    {
        var server = new Uri(broker);
        _socket.Connect(server.Host, server.Port);
        Send($"CONNECT\naccept-version:1.2\nhost:{server.Host}\n\n\0");
        Take();
    }

    /// <summary>The headers of a task message, without destination and transaction.</summary>
    public static string TaskHeaders(Guid id) => $"id:{id}\ntask:bench.noop\nlang:py\nretries:0\ncontent-type:application/json\n";

    public static string? Header(string frame, string name)
    {
        var start = frame.IndexOf($"\n{name}:", StringComparison.Ordinal);
        return start < 0 ? null : frame[(start + name.Length + 2)..frame.IndexOf('\n', start + 1)];
    }

    public void Send(string frames) => _socket.Send(Encoding.UTF8.GetBytes(frames));

    /// <summary>What has come: at least one frame.</summary>
    public List<string> Take()
    {
        var frames = new List<string>();
        while (frames.Count == 0)
        {
            if (_filled == _input.Length)
            {
                Array.Resize(ref _input, _input.Length * 2);
            }
            var read = _socket.Receive(_input.AsSpan(_filled));
            _filled += read;
            var taken = Split(frames);
            _input.AsSpan(taken.._filled).CopyTo(_input);
            _filled -= taken;
            if (read == 0 || frames.Find(frame => frame.StartsWith("ERROR", StringComparison.Ordinal)) is not null)
            {
                throw new IOException($"The broker has refused or is gone: {string.Concat(frames)}");
            }
        }
        return frames;
    }

    public void Dispose() => _socket.Dispose();

    private int Split(List<string> frames)
    {
        var taken = 0;
        while (_input.AsSpan(taken.._filled).IndexOf((byte)0) is var length and >= 0)
        {
            frames.Add(Encoding.UTF8.GetString(_input, taken, length).TrimStart('\n'));
            taken += length + 1;
        }
        return taken;
    }
}
