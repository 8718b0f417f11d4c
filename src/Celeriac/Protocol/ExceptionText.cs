using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Celeriac.Protocol;

/// <summary>What an exception says, of bounded length. Never throws, whatever the exception's own members do.</summary>
internal static class ExceptionText
{
    public const int LongestTraceback = 32 * 1024;
    public const int LongestText = 8 * 1024;
    public const int MostCauses = 8;
    private const int LongestNote = 48;

    /// <summary>Python's first line, which log tools look for, then what .NET shows: each exception with its stack, outermost first.</summary>
    public static string TracebackOf(Exception error)
    {
        var text = new StringBuilder("Traceback (most recent call last):\n");
        Exception? cause = error;
        for (var depth = 0; cause is not null && depth < MostCauses && text.Length < LongestTraceback; depth++)
        {
            text.Append(depth == 0 ? "" : "\n ---> ").Append(cause.GetType().FullName).Append(": ").Append(MessageOf(cause));
            if (StackOf(cause) is { Length: > 0 } stack)
            {
                text.Append('\n').Append(stack, 0, Math.Min(stack.Length, LongestTraceback));
            }
            cause = cause.InnerException;
        }
        return Cut(text.ToString(), LongestTraceback);
    }

    [SuppressMessage("Design", "CA1031", Justification = "An exception whose Message throws must not hide that the task failed.")]
    public static string MessageOf(Exception error)
    {
        try
        {
            return Cut(error.Message ?? "", LongestText);
        }
        catch (Exception)
        {
            return "(the exception's message cannot be read)";
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An exception whose StackTrace throws must not hide that the task failed.")]
    private static string? StackOf(Exception error)
    {
        try
        {
            return error.StackTrace;
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>
    /// The text itself, or what fits of it with a note of how much is missing. The end is kept too, because Python says what went wrong in the last line of a traceback.
    /// </summary>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }
        var note = string.Create(CultureInfo.InvariantCulture, $" … [{text.Length - longest + LongestNote} characters left out] … ");
        var kept = longest - LongestNote;
        if (kept <= 0)
        {
            return note.Length <= longest ? note : note[..longest];
        }
        var end = kept / 4;
        return string.Concat(text.AsSpan(0, Whole(text, kept - end)), note, text.AsSpan(Whole(text, text.Length - end)));
    }

    /// <summary>The place, or the one before it where it would part a surrogate pair.</summary>
    private static int Whole(string text, int place) => place > 0 && char.IsHighSurrogate(text[place - 1]) ? place - 1 : place;
}
