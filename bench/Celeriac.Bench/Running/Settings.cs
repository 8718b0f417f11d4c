using System.Globalization;

namespace Celeriac.Bench.Running;

/// <summary>What the command line says.</summary>
internal sealed record Settings(int Rounds, double Scale, IReadOnlyList<string> Names)
{
    private static readonly TimeSpan s_quick = TimeSpan.FromMinutes(3.5);

    public const string Usage = """
        Usage: ./build.sh bench [--quick] [--rounds N] [--scale X] [--only TEXT] [--plot FILE] [scenario…]
          --quick     a seventh of the tasks, one round of every scenario but the longest, and up to two more while five minutes last
          --rounds N  how often every contender runs; default 5
          --scale X   which part of the tasks; default 1. Small ones only show that the bench works
          --only TEXT only contenders with this text in their names; ratios to others are left out
          --plot FILE writes the rates as an SVG picture too
          scenario    its name, or how names begin: 'amqp', 'sqlite.result'; none for all
        """;

    /// <summary>When no further round is begun; null where every round is run. A first round is always whole.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>What the names of contenders contain; empty for all.</summary>
    public string Only { get; init; } = "";

    /// <summary>Where the picture goes; null for none.</summary>
    public string? Plot { get; init; }

    /// <exception cref="ArgumentException">A word is wrong.</exception>
    public static Settings Read(string[] words)
    {
        var (settings, names) = (new Settings(5, 1, []), new List<string>());
        for (var index = 0; index < words.Length; index++)
        {
            switch (words[index])
            {
                case "--quick": settings = settings with { Rounds = 3, Scale = 0.15, Budget = s_quick }; break;
                case "--rounds": settings = settings with { Rounds = (int)Number(words, ++index) }; break;
                case "--scale": settings = settings with { Scale = Number(words, ++index) }; break;
                case "--only": settings = settings with { Only = Word(words, ++index) }; break;
                case "--plot": settings = settings with { Plot = Word(words, ++index) }; break;
                case var option when option.StartsWith('-'): throw new ArgumentException($"The option '{option}' is unknown.\n{Usage}");
                case var name: names.Add(name); break;
            }
        }
        return settings with { Names = names };
    }

    public bool Includes(Scenario scenario) => Names.Count == 0
        ? scenario.IsQuick || Budget is null
        : Names.Any(name => scenario.Name == name || scenario.Name.StartsWith(name + ".", StringComparison.Ordinal));

    /// <summary>The scenario with those contenders that are wanted.</summary>
    public Scenario Narrow(Scenario scenario)
    {
        var contenders = scenario.Contenders.Where(contender => contender.Name.Contains(Only, StringComparison.OrdinalIgnoreCase) && (contender.IsQuick || Budget is null)).ToList();
        return scenario with
        {
            Contenders = contenders,
            Ratios = [.. scenario.Ratios.Where(ratio => Has(ratio.Ours) && (ratio.Theirs is null || Has(ratio.Theirs)))],
        };

        bool Has(string name) => contenders.Exists(contender => contender.Name == name);
    }

    private static string Word(string[] words, int index) =>
        index < words.Length ? words[index] : throw new ArgumentException($"The option '{words[index - 1]}' needs a word after it.\n{Usage}");

    private static double Number(string[] words, int index) =>
        index < words.Length && double.TryParse(words[index], CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"The option '{words[index - 1]}' needs a number above 0.\n{Usage}");
}
