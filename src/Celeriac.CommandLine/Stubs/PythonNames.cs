using System.Globalization;
using System.Text;

namespace Celeriac.CommandLine.Stubs;

/// <summary>C# and wire names as names that Python takes.</summary>
internal static class PythonNames
{
    private static readonly HashSet<string> s_keywords = new(StringComparer.Ordinal)
    {
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for", "from",
        "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    };

    /// <summary>What the module itself uses: a class or task of that name would hide it from the hints that follow.</summary>
    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal)
    {
        "bool", "bytes", "dict", "float", "int", "list", "str", "staticmethod", "CSharpTask", "NotImplementedError", "Result",
    };

    /// <summary>A part of a task's name, as a class or function that no sibling is called.</summary>
    public static string Free(string part, ISet<string> taken)
    {
        var name = Identifier(part);
        while (s_reserved.Contains(name) || !taken.Add(name))
        {
            name += "_";
        }
        return name;
    }

    /// <summary>Python's names of a task's parameters. A keyword gets an underscore, which the module takes off again before it sends.</summary>
    public static IReadOnlyList<string> Parameters(TaskDefinition task)
    {
        var names = task.Parameters.Select(parameter => parameter.SnakeName).ToList();
        // Where two differ in case alone the C# names are sent, which the worker takes as well.
        var areClear = names.Distinct(StringComparer.Ordinal).Count() == names.Count;
        return [.. areClear ? names.Select(Identifier) : task.Parameters.Select(parameter => Identifier(parameter.Name))];
    }

    /// <summary>A text as a Python string.</summary>
    public static string Text(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' or '\\' => literal.Append('\\').Append(rune),
                >= ' ' and <= '~' => literal.Append(rune),
                _ => literal.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
            };
        }
        return literal.Append('"').ToString();
    }

    private static string Identifier(string text)
    {
        var name = new StringBuilder(text.Length + 1);
        foreach (var character in text)
        {
            name.Append(char.IsLetterOrDigit(character) ? character : '_');
        }
        if (name.Length == 0 || char.IsDigit(name[0]))
        {
            name.Insert(0, '_');
        }
        return s_keywords.Contains(name.ToString()) ? $"{name}_" : name.ToString();
    }
}
