using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Events;

/// <summary>Values as the texts that Celery's events carry for humans: Python literals, shortened.</summary>
internal static class EventText
{
    private const int LongestText = 1024;

    /// <summary>The positional arguments: as the sender wrote them, else made here.</summary>
    public static string ArgsOf(TaskRequest request) => request.ArgsRepr ?? Made(Slice(request, request.Args), PythonRepr.OfArgs, "()");

    /// <summary>The keyword arguments: as the sender wrote them, else made here.</summary>
    public static string KwargsOf(TaskRequest request) => request.KwargsRepr ?? Made(Slice(request, request.Kwargs), PythonRepr.OfKwargs, "{}");

    /// <summary>A result.</summary>
    public static string ResultOf(ReadOnlySpan<byte> json) => Made(json, PythonRepr.OfValue, "None");

    /// <summary>An exception: <c>ValueError('boom')</c>.</summary>
    public static string ExceptionOf(TaskFailure failure)
    {
        var text = new StringBuilder(failure.Type).Append('(');
        for (var index = 0; index < failure.Arguments.Count && text.Length < LongestText; index++)
        {
            text.Append(index == 0 ? "" : ", ");
            AppendQuoted(text, failure.Arguments[index]);
        }
        return text.Append(')').ToString();
    }

    /// <summary>A text as Python's <c>repr</c> shows it, at most about 1,024 characters of it.</summary>
    private static void AppendQuoted(StringBuilder text, string value)
    {
        var quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (var rune in value.EnumerateRunes())
        {
            if (text.Length >= LongestText)
            {
                text.Append("...");
                break;
            }
            AppendEscaped(text, rune, quote);
        }
        text.Append(quote);
    }

    private static void AppendEscaped(StringBuilder text, Rune rune, char quote)
    {
        switch (rune.Value)
        {
            case '\\':
                text.Append("\\\\");
                break;
            case '\n':
                text.Append("\\n");
                break;
            case '\r':
                text.Append("\\r");
                break;
            case '\t':
                text.Append("\\t");
                break;
            case < 0x20 or 0x7f:
                text.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
                break;
            default:
                text.Append(rune.Value == quote ? "\\" : "").Append(rune);
                break;
        }
    }

    private delegate string Repr(ReadOnlySpan<byte> json);

    private static string Made(ReadOnlySpan<byte> json, Repr repr, string ofNothing)
    {
        if (json.IsEmpty)
        {
            return ofNothing;
        }
        try
        {
            return repr(json);
        }
        catch (JsonException)
        {
            // Python's NaN and Infinity, which are no JSON.
            return TaskJson.Excerpt(json);
        }
    }

    private static ReadOnlySpan<byte> Slice(TaskRequest request, JsonSlice slice) => request.Body.Span.Slice(slice.Start, slice.Length);
}
