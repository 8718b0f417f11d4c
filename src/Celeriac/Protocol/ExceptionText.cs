using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Celeriac.Protocol;

/// <summary>What an exception says, of bounded length. Never throws, whatever the exception's own members do.</summary>
internal static class ExceptionText
{
    public const int LongestTraceback = 32 * 1024;
    public const int LongestText = 8 * 1024;
    public const int MostCauses = 8;

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

    public static string Cut(string text, int longest) => text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest - 1), "…");
}
