using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Celeriac.CommandLine;

/// <summary>Where a verb writes and reads.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error, TextReader input, bool isInteractive)
{
    // Output that goes to a file or another program is never folded.
    private const int UnlimitedWidth = 4000;
    private bool _colours = isInteractive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private bool _quiet;

    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>True where a human looks at the output.</summary>
    public bool IsInteractive => isInteractive;

    public static Terminal OfProcess() => new(Console.Out, Console.Error, Console.In, !Console.IsOutputRedirected);

    public void Configure(bool noColours, bool quiet)
    {
        _colours &= !noColours;
        _quiet = quiet;
    }

    /// <summary>Text that anyone who can publish may have written: no escape sequence of theirs may reach a terminal.</summary>
    public static string Safe(string text) =>
        string.Create(text.Length, text, static (span, source) =>
        {
            for (var index = 0; index < span.Length; index++)
            {
                span[index] = char.IsControl(source[index]) && source[index] is not ('\n' or '\t') ? '·' : source[index];
            }
        });

    /// <summary>The answer of a verb.</summary>
    public void Write(string line) => Output.WriteLine(line);

    /// <summary>What is good to know; nothing with <c>--quiet</c>.</summary>
    public void Tell(string line)
    {
        if (!_quiet)
        {
            Output.WriteLine(line);
        }
    }

    /// <summary>What went wrong, in one line.</summary>
    public void Fail(string message) => Error.WriteLine($"Error: {Safe(message.ReplaceLineEndings(" "))}");

    /// <summary>What to look at, in one line; nothing with <c>--quiet</c>.</summary>
    public void Warn(string message)
    {
        if (!_quiet)
        {
            Error.WriteLine(Safe(message.ReplaceLineEndings(" ")));
        }
    }

    /// <summary>Asks until the end of the line; null at the end of the input.</summary>
    public async ValueTask<string?> AskAsync(string question, CancellationToken cancellationToken)
    {
        await Output.WriteAsync(question.AsMemory(), cancellationToken).ConfigureAwait(false);
        await Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return await input.ReadLineAsync(cancellationToken).ConfigureAwait(false);
    }

    public void WriteTable(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Simple).BorderStyle(new Style(Color.Grey));
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = !isInteractive });
        }
        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Safe(cell))));
        }
        CreateConsole().Write(table);
    }

    public void WriteJson(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            write(writer);
        }
        Output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    /// <summary>A key that was pressed since, without waiting for one; null where there is none or no keyboard.</summary>
    public static char? TryReadKey()
    {
        try
        {
            return !Console.IsInputRedirected && Console.KeyAvailable ? Console.ReadKey(intercept: true).KeyChar : null;
        }
        catch (InvalidOperationException)
        {
            // Output that is a terminal does not make the input one.
            return null;
        }
    }

    /// <summary>A console for tables and pictures.</summary>
    /// <param name="moves">True for a picture that is drawn over itself: then also a terminal without colours is sent escape sequences.</param>
    public IAnsiConsole CreateConsole(bool moves = false)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Output),
            Ansi = _colours || (moves && isInteractive) ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = _colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = isInteractive ? console.Profile.Width : UnlimitedWidth;
        return console;
    }
}
