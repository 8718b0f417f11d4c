using System.Globalization;

namespace Celeriac.Bench.Acting;

/// <summary>What an actor is told: <c>name=value</c> words, the last of a name wins.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(IEnumerable<string> words)
    {
        foreach (var word in words)
        {
            var cut = word.IndexOf('=', StringComparison.Ordinal);
            _values[cut < 0 ? word : word[..cut]] = cut < 0 ? "true" : word[(cut + 1)..];
        }
    }

    /// <summary>Where the messages travel.</summary>
    public string Broker => Text("broker");

    /// <summary>The queue of this run.</summary>
    public string Queue => Text("queue");

    /// <summary>How many tasks the measured part has; 0 goes on until the end is said.</summary>
    public int Tasks => Number("tasks", 0);

    /// <summary>How many tasks come before them, so that code is compiled and connections are warm when the measured part begins.</summary>
    public int Warm => Number("warm", 0);

    /// <summary>How many are in flight at once.</summary>
    public int Window => Math.Max(1, Number("window", 1));

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name, string? otherwise = null) =>
        _values.GetValueOrDefault(name) ?? otherwise ?? throw new ArgumentException($"The argument '{name}=' is missing.");

    public int Number(string name, int otherwise) =>
        _values.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
