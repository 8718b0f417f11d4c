using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Celeriac.Protocol;

/// <summary>Task ids: UUIDs of version 7, which sort by the time they were made, so that stores append instead of scattering.</summary>
internal static class TaskId
{
    private const int RandomBytesEach = 8;

    [ThreadStatic]
    private static RandomPool? t_pool;

    /// <summary>A new id.</summary>
    public static string New() => New(TimeProvider.System);

    /// <summary>A new id at the time of this clock.</summary>
    public static string New(TimeProvider clock)
    {
        var ticks = clock.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;
        var milliseconds = ticks / TimeSpan.TicksPerMillisecond;
        // Twelve bits of the millisecond's fraction keep the ids of one process in order (RFC 9562, section 6.2, method 3).
        var fraction = (int)(ticks % TimeSpan.TicksPerMillisecond * 4096 / TimeSpan.TicksPerMillisecond);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, (milliseconds << 16) | 0x7000L | (long)fraction);
        (t_pool ??= new RandomPool()).Take(bytes[8..]);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>When an id was made; null where it does not tell, as Python's do not.</summary>
    public static DateTimeOffset? TimeOf(string id)
    {
        if (!Guid.TryParseExact(id, "D", out var uuid) || uuid.Version != 7)
        {
            return null;
        }
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16, 253_402_300_799_999));
    }

    /// <summary>Random bytes fetched many at a time: a call to the system for each id would cost more than the rest of the id.</summary>
    private sealed class RandomPool
    {
        private readonly byte[] _bytes = new byte[128 * RandomBytesEach];
        private int _next = int.MaxValue;

        public void Take(Span<byte> target)
        {
            if (_next > _bytes.Length - RandomBytesEach)
            {
                RandomNumberGenerator.Fill(_bytes);
                _next = 0;
            }
            _bytes.AsSpan(_next, RandomBytesEach).CopyTo(target);
            _next += RandomBytesEach;
        }
    }
}
