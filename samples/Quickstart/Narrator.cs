using Spectre.Console;

namespace Celeriac.Samples.Quickstart;

/// <summary>Tells what happens: A and B in colours of their own, plain text where there is no terminal or NO_COLOR is set.</summary>
internal static class Narrator
{
    private static int s_acts;

    static Narrator()
    {
        if (Console.IsOutputRedirected)
        {
            // In a file or a pipe: no colours, and no line is broken.
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Width = 1000;
        }
    }

    internal static void Line(FormattableString text) => AnsiConsole.MarkupLineInterpolated(text);

    internal static void Act(string title)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLineInterpolated($"[bold]{++s_acts}. {title}[/]");
    }

    /// <summary>Code, as A calls it.</summary>
    internal static void Call(string code) => AnsiConsole.MarkupLineInterpolated($"   [aqua]A[/]  [aqua]{code}[/]");

    internal static void A(FormattableString text) => Say("[aqua]A[/]", text);

    internal static void B(FormattableString text) => Say("[yellow]B[/]", text);

    internal static void Note(FormattableString text) => Say(" ", text);

    /// <summary>The first lines of a text from elsewhere.</summary>
    internal static void Quote(IReadOnlyList<string> lines, int most = 4)
    {
        foreach (var line in lines.Take(most))
        {
            AnsiConsole.MarkupLineInterpolated($"      [grey]│ {line}[/]");
        }
        if (lines.Count > most)
        {
            AnsiConsole.MarkupLineInterpolated($"      [grey]│ … and {lines.Count - most} lines more[/]");
        }
    }

    internal static void Trouble(string text)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLineInterpolated($"[red]{text}[/]");
    }

    private static void Say(string who, FormattableString text)
    {
        AnsiConsole.Markup($"   {who}  ");
        AnsiConsole.MarkupLineInterpolated(text);
    }
}
