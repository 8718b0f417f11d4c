using System.CommandLine;
using System.CommandLine.Parsing;
using Celeriac.Messaging;

namespace Celeriac.CommandLine;

/// <summary>Says what is wrong with the arguments, and what was probably meant.</summary>
internal static class ParseFaults
{
    public static void Write(ParseResult parse, Terminal terminal)
    {
        var command = parse.CommandResult.Command;
        var unknown = parse.UnmatchedTokens;
        foreach (var word in unknown.Where((word, index) => !IsValueOfUnknown(unknown, index)))
        {
            terminal.Fail(Unknown(command, parse, word));
        }
        // With an unknown word the parser also misses what the word stands for: one sentence says it.
        foreach (var error in unknown.Count == 0 ? parse.Errors : parse.Errors.Where(error => error.SymbolResult is not CommandResult))
        {
            terminal.Fail(error.Message);
        }
        var path = command is RootCommand ? "" : $"{PathOf(parse)} ";
        terminal.Error.WriteLine($"Run '{parse.RootCommandResult.Command.Name} {path}--help' for what there is.");
    }

    /// <summary>The word after an unknown option is most likely its value: the option's own sentence says enough.</summary>
    private static bool IsValueOfUnknown(IReadOnlyList<string> unknown, int index) =>
        index > 0 && !unknown[index].StartsWith('-') && unknown[index - 1].StartsWith('-') && !unknown[index - 1].Contains('=', StringComparison.Ordinal);

    private static string Unknown(Command command, ParseResult parse, string word)
    {
        var where = command is RootCommand ? "" : $" for '{PathOf(parse)}'";
        if (word.StartsWith('-'))
        {
            var options = command.Options.Concat(parse.RootCommandResult.Command.Options.Where(option => option.Recursive));
            var name = word.Split('=', ':')[0];
            return $"Unknown option '{name}'{where}. {DidYouMean.Sentence(name, options.SelectMany(option => option.Aliases.Append(option.Name)).Distinct())}".TrimEnd();
        }
        return command.Subcommands.Count > 0
            ? $"Unknown command '{word}'{where}. {DidYouMean.Sentence(word, command.Subcommands.Select(verb => verb.Name))}Commands: {string.Join(", ", command.Subcommands.Select(verb => verb.Name))}."
            : $"Unexpected argument '{word}'{where}.";
    }

    private static string PathOf(ParseResult parse)
    {
        var names = new List<string>();
        for (SymbolResult? result = parse.CommandResult; result is CommandResult { Command: not RootCommand } command; result = result.Parent)
        {
            names.Insert(0, command.Command.Name);
        }
        return string.Join(' ', names);
    }
}
