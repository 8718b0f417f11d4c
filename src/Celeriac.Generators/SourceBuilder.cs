using System.Text;
using Microsoft.CodeAnalysis.Text;

namespace Celeriac.Generators;

/// <summary>Writes indented source with \n everywhere, so that the output is the same on every machine.</summary>
internal sealed class SourceBuilder
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>A line; an empty one stays empty.</summary>
    public SourceBuilder Line(string text = "")
    {
        if (text.Length > 0)
        {
            _text.Append(' ', _depth * 4).Append(text);
        }
        _text.Append('\n');
        return this;
    }

    /// <summary>A line that belongs to the one above.</summary>
    public SourceBuilder Continued(string text) => Line($"    {text}");

    public SourceBuilder Open(string brace = "{")
    {
        Line(brace);
        _depth++;
        return this;
    }

    public SourceBuilder Close(string brace = "}")
    {
        _depth--;
        return Line(brace);
    }

    public SourceText ToSourceText() => SourceText.From(_text.ToString(), Encoding.UTF8);

    /// <summary>Text as it stands in an XML comment.</summary>
    public static string Xml(string text) =>
        text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;").Replace("\r", " ").Replace("\n", " ");
}
