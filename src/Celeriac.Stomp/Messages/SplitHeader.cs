using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Messages;

/// <summary>A long header in parts, because ActiveMQ drops the connection for a header line over 10 KiB.</summary>
internal static class SplitHeader
{
    // Escaping doubles a backslash or a colon: twice this and the name stay under 8 KiB.
    private const int PartLength = 4000;

    // Bounds what is joined. A frame of RabbitMQ may have 500 headers less its own, one of ActiveMQ 1,000.
    private const int MaximumParts = 64;

    /// <exception cref="TransportRefusedException">The text is too long to be joined again.</exception>
    internal static void Write(List<KeyValuePair<string, string>> headers, string name, string text, string queue)
    {
        if (text.Length > PartLength * MaximumParts)
        {
            throw new TransportRefusedException(
                $"The headers of the message for queue '{queue}' have {text.Length} characters as JSON, but over STOMP at most {PartLength * MaximumParts} are allowed. Put such data into the body.");
        }
        if (text.Length <= PartLength)
        {
            headers.Add(new(name, text));
            return;
        }
        var part = 1;
        for (var start = 0; start < text.Length; start += PartLength, part++)
        {
            headers.Add(new(PartName(name, part), text.Substring(start, Math.Min(PartLength, text.Length - start))));
        }
    }

    /// <summary>The whole text; null where there is no such header.</summary>
    internal static string? Read(StompHeaders headers, string name)
    {
        if (headers.Find(name) is { } whole)
        {
            return whole;
        }
        var text = new StringBuilder();
        for (var part = 1; part <= MaximumParts && headers.Find(PartName(name, part)) is { } next; part++)
        {
            text.Append(next);
        }
        return text.Length == 0 ? null : text.ToString();
    }

    internal static bool IsPart(string header, string name) =>
        header == name || (header.Length > name.Length + 1 && header.StartsWith(name, StringComparison.Ordinal) && header[name.Length] == '-'
            && header.AsSpan(name.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0);

    private static string PartName(string name, int part) => string.Create(CultureInfo.InvariantCulture, $"{name}-{part}");
}
