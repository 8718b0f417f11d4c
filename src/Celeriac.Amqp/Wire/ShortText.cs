using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>AMQP's short strings: at most 255 bytes of UTF-8.</summary>
internal static class ShortText
{
    public const int MaximumBytes = 255;

    public static bool Fits(string? text) => text is null || (text.Length <= MaximumBytes && Encoding.UTF8.GetByteCount(text) <= MaximumBytes);

    /// <summary>Refuses text that does not fit.</summary>
    /// <param name="what">What the text is, for example <c>routing key</c>.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="TransportRefusedException">It has more than 255 bytes.</exception>
    public static void Require(string what, string? text)
    {
        if (!Fits(text))
        {
            throw new TransportRefusedException(
                $"The {what} '{text![..60]}…' has {Encoding.UTF8.GetByteCount(text)} bytes, but AMQP carries at most {MaximumBytes}. Shorten it, or put it into the body.");
        }
    }
}
