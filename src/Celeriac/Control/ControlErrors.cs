using System.Text;

namespace Celeriac.Control;

/// <summary>Errors as Python's <c>repr</c> writes them, because that is what the callers of remote control show.</summary>
internal static class ControlErrors
{
    public static string ReprOf(Exception error) => error is CeleryException chosen
        ? $"{chosen.RemoteType}({string.Join(", ", chosen.Arguments.Select(argument => Quote(argument?.ToString() ?? "None")))})"
        : $"{error.GetType().Name}({Quote(error.Message)})";

    /// <summary>A text as Python quotes it: in single quotation marks, or in double ones where it holds single ones only.</summary>
    private static string Quote(string text)
    {
        var mark = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var quoted = new StringBuilder().Append(mark);
        foreach (var letter in text)
        {
            _ = letter switch
            {
                '\n' => quoted.Append(@"\n"),
                '\r' => quoted.Append(@"\r"),
                '\t' => quoted.Append(@"\t"),
                _ when letter == mark || letter == '\\' => quoted.Append('\\').Append(letter),
                _ when char.IsControl(letter) => quoted.Append(@"\x").Append(((int)letter).ToString("x2", System.Globalization.CultureInfo.InvariantCulture)),
                _ => quoted.Append(letter),
            };
        }
        return quoted.Append(mark).ToString();
    }
}
