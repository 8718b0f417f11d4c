namespace Celeriac.Messaging.Serialization;

/// <summary>A message's body cannot be read: it is too large, damaged, or not what its properties say. Reading it again fails again.</summary>
public class ContentException : FormatException
{
    /// <summary>Creates the exception.</summary>
    public ContentException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }

    /// <summary>Foreign text for an error message: short and on one line.</summary>
    internal static string Shown(string text)
    {
        var start = text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
        return start.Any(char.IsControl) ? new string([.. start.Select(letter => char.IsControl(letter) ? '\ufffd' : letter)]) : start;
    }
}

/// <summary>A message's content type or encoding is not accepted. The body was not looked at.</summary>
public sealed class ContentRefusedException : ContentException
{
    /// <summary>Creates the exception.</summary>
    public ContentRefusedException(string message, string? contentType) : base(message) => ContentType = contentType;

    /// <summary>The content type that was refused, as the sender wrote it; null where the message had none.</summary>
    public string? ContentType { get; }
}

/// <summary>A message's body is longer than is read, before or after decompression.</summary>
public sealed class ContentTooLargeException : ContentException
{
    /// <summary>Creates the exception.</summary>
    public ContentTooLargeException(string message) : base(message)
    {
    }
}
