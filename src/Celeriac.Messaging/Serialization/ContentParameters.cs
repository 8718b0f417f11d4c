namespace Celeriac.Messaging.Serialization;

/// <summary>What may stand beside a media type without changing how its text is read.</summary>
internal static class ContentParameters
{
    /// <summary>True unless a <c>charset</c> parameter names something else than UTF-8 or its subset ASCII. Other parameters are ignored.</summary>
    internal static bool AreUtf8(ReadOnlySpan<char> parameters)
    {
        foreach (var range in parameters.Split(';'))
        {
            var parameter = parameters[range].Trim();
            var equals = parameter.IndexOf('=');
            if (equals > 0 && parameter[..equals].Trim().Equals("charset", StringComparison.OrdinalIgnoreCase) && !IsUtf8(parameter[(equals + 1)..].Trim().Trim('"')))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether text under this content encoding is read: none, UTF-8, ASCII, or <c>binary</c>, which some clients write on everything.</summary>
    internal static bool IsReadableEncoding(string? encoding) =>
        string.IsNullOrEmpty(encoding) || IsUtf8(encoding) || encoding.Equals("binary", StringComparison.OrdinalIgnoreCase);

    private static bool IsUtf8(ReadOnlySpan<char> name) =>
        name.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || name.Equals("utf8", StringComparison.OrdinalIgnoreCase)
        || name.Equals("us-ascii", StringComparison.OrdinalIgnoreCase) || name.Equals("ascii", StringComparison.OrdinalIgnoreCase);
}
