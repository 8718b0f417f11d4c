using System.Security.Cryptography;
using System.Text;

namespace Celeriac.SharedState;

/// <summary>Makes keys of shared state of any text: <c>kind/part/part</c>, percent-encoded; what would be too long ends with its hash instead.</summary>
internal static class StateKey
{
    // Room for a store's own prefix, and for who appends a little.
    private const int Longest = 200;
    private const int LongestPart = 64;

    public static string Of(string kind, params ReadOnlySpan<string> parts)
    {
        var key = new StringBuilder(kind);
        foreach (var part in parts)
        {
            key.Append('/').Append(Uri.EscapeDataString(part));
        }
        var text = key.ToString();
        return text.Length <= Longest
            ? text
            : $"{text[..(Longest - 65)]}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
    }

    /// <summary>A part of a key below which others lie: never so long that the whole would be cut.</summary>
    public static string Part(string text) => Uri.EscapeDataString(text).Length <= LongestPart ? text : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
