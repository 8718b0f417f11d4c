using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Celeriac.Canvas;

/// <summary>Ids that follow from another: whoever repeats a step of a workflow sends the same ids again.</summary>
internal static class DerivedId
{
    /// <summary>The id of what stands at a place after a task: a UUID of version 8 (RFC 9562).</summary>
    public static string Of(string taskId, string place)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{taskId}/{place}"), hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString();
    }
}
