using System.Buffers.Binary;
using Celeriac.Protocol;

namespace Celeriac.SharedState;

/// <summary>Which of a task's runs it is: a later one is greater. What comes back from a quarantine begins anew, and so does what comes back from a dead process.</summary>
/// <param name="Quarantined">How often the message was put aside.</param>
/// <param name="Retries">How many retries came before.</param>
/// <param name="Deaths">How often the message came back from a process that died or froze.</param>
internal readonly record struct RunNumber(int Quarantined, int Retries, int Deaths) : IComparable<RunNumber>
{
    public const int Size = 3 * sizeof(int);

    public static RunNumber Of(TaskRequest request) =>
        new(request.Message.Headers[QuarantineHeader.Count] is { Kind: Messaging.HeaderKind.Long } count ? (int)Math.Clamp(count.AsLong(), 0, int.MaxValue) : 0, request.Retries, request.Deaths);

    public static RunNumber Of(ReadOnlySpan<byte> bytes) => bytes.Length < Size
        ? default
        : new(BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadInt32BigEndian(bytes[8..]));

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Quarantined);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), Retries);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), Deaths);
        return bytes;
    }

    public int CompareTo(RunNumber other) => (Quarantined, Retries, Deaths).CompareTo((other.Quarantined, other.Retries, other.Deaths));
}
