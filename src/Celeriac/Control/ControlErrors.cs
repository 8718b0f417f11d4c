using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Control;

/// <summary>Errors as Python's <c>repr</c> writes them, because that is what the callers of remote control show.</summary>
internal static class ControlErrors
{
    public static string ReprOf(Exception error) => error is CeleryException chosen
        ? $"{chosen.RemoteType}({string.Join(", ", chosen.Arguments.Select(Quote))})"
        : $"{error.GetType().Name}({Quote(error.Message)})";

    // The quotation marks of the text stay as they are: they decide which ones Python puts round it.
    private static string Quote(string text) => PythonRepr.OfValue(Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\""));
}
