using System.Globalization;

namespace Celeriac.Bench.Running;

/// <summary>What the command line says.</summary>
internal sealed record Settings(int Rounds, double Scale, IReadOnlyList<string> Names)
{
    public const string Usage = """
        Usage: ./build.sh bench [--quick] [--rounds N] [--scale X] [scenario…]
          --quick     three rounds of a fifth of the tasks; all scenarios in five minutes
          --rounds N  how often every contender runs; default 5
          --scale X   which part of the tasks; default 1. Small ones only show that the bench works
          scenario    its name, or how names begin: 'amqp', 'sqlite.result'; none for all
        """;

    /// <exception cref="ArgumentException">A word is wrong.</exception>
    public static Settings Read(string[] words)
    {
        var (settings, names) = (new Settings(5, 1, []), new List<string>());
        for (var index = 0; index < words.Length; index++)
        {
            switch (words[index])
            {
                case "--quick": settings = settings with { Rounds = 3, Scale = 0.2 }; break;
                case "--rounds": settings = settings with { Rounds = (int)Number(words, ++index) }; break;
                case "--scale": settings = settings with { Scale = Number(words, ++index) }; break;
                case var option when option.StartsWith('-'): throw new ArgumentException($"The option '{option}' is unknown.\n{Usage}");
                case var name: names.Add(name); break;
            }
        }
        return settings with { Names = names };
    }

    public bool Includes(string scenario) => Names.Count == 0 || Names.Any(name => scenario == name || scenario.StartsWith(name + ".", StringComparison.Ordinal));

    private static double Number(string[] words, int index) =>
        index < words.Length && double.TryParse(words[index], CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"The option '{words[index - 1]}' needs a number above 0.\n{Usage}");
}
