using System.Globalization;
using System.Text;

namespace Celeriac.Messaging;

/// <summary>Percent-decodes parts of a URL, strictly: what cannot be decoded is refused and never quoted, because it may be a password.</summary>
internal static class PercentText
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The decoded text.</summary>
    /// <param name="scheme">The URL's scheme, for the error.</param>
    /// <param name="part">What the text is, for the error.</param>
    /// <param name="text">The text; it has no broken surrogate pairs.</param>
    /// <exception cref="BrokerUrlException">An escape is malformed, not UTF-8, or a control character.</exception>
    internal static string Decode(string scheme, string part, string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
        {
            return text;
        }
        var raw = StrictUtf8.GetBytes(text);
        var bytes = new List<byte>(raw.Length);
        for (var index = 0; index < raw.Length; index++)
        {
            var escaped = raw[index] == '%';
            bytes.Add(escaped ? Hexadecimal(scheme, part, raw.AsSpan(index + 1)) : raw[index]);
            index += escaped ? 2 : 0;
        }
        return DecodeText(scheme, part, [.. bytes]);
    }

    private static byte Hexadecimal(string scheme, string part, ReadOnlySpan<byte> digits) =>
        digits.Length >= 2 && byte.TryParse(digits[..2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Fault(scheme, $"a '%' without two hexadecimal digits in its {part}. Write a percent sign as %25.");

    private static string DecodeText(string scheme, string part, byte[] bytes)
    {
        try
        {
            var text = StrictUtf8.GetString(bytes);
            return text.Any(char.IsControl) ? throw Fault(scheme, $"a percent-encoded control character in its {part}. Remove it.") : text;
        }
        catch (DecoderFallbackException)
        {
            throw Fault(scheme, $"percent-encoded bytes that are not UTF-8 in its {part}. Encode the text as UTF-8 first.");
        }
    }

    private static BrokerUrlException Fault(string scheme, string fault) => new($"The {scheme} broker URL has {fault}");
}
