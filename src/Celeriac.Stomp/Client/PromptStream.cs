using System.Net.Sockets;

namespace Celeriac.Stomp;

/// <summary>
/// Acknowledges what it receives at once (Linux' TCP_QUICKACK). ActiveMQ leaves Nagle's algorithm on: of two small frames in a row the second
/// waits for the acknowledgement of the first, which the system holds back for 40 ms. Measured: 88 ms for browsing an empty queue, with this 0.4 ms.
/// </summary>
internal sealed class PromptStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private const int TcpLevel = 6;
    private const int QuickAcknowledgement = 12;
    private static readonly byte[] On = BitConverter.GetBytes(1);

    // The system forgets the option now and then, and with every write: so it is set before each read and after each write.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        AcknowledgePromptly();
        return base.ReadAsync(buffer, cancellationToken);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        AcknowledgePromptly();
    }

    private void AcknowledgePromptly()
    {
        if (OperatingSystem.IsLinux() && Socket.Connected)
        {
            Socket.SetRawSocketOption(TcpLevel, QuickAcknowledgement, On);
        }
    }
}
