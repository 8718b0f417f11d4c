namespace MessagingSample;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine(string Verb, string Text, IReadOnlyList<string> Brokers)
{
    internal const string Usage = "Usage: Messaging [publish TEXT | consume] [--broker URL], or Messaging --show-wire --broker URL [--broker URL]…";

    private const string ShowWire = "--show-wire";

    /// <summary>The broker: the one that is given, or a file.</summary>
    internal string Broker => Brokers is [var given, ..] ? given : DefaultBroker();

    /// <summary>Reads the arguments; null where they make no sense.</summary>
    internal static CommandLine? Parse(string[] arguments)
    {
        var words = arguments.ToList();
        var brokers = new List<string>();
        for (var option = words.IndexOf("--broker"); option >= 0; option = words.IndexOf("--broker"))
        {
            if (option + 1 == words.Count)
            {
                return null;
            }
            brokers.Add(words[option + 1]);
            words.RemoveRange(option, 2);
        }
        return words switch
        {
            [ShowWire] => new(ShowWire, "", brokers),
            _ when brokers.Count > 1 => null,
            [] => new("tour", "", brokers),
            ["consume"] => new("consume", "", brokers),
            ["publish", _, ..] => new("publish", string.Join(' ', words.Skip(1)), brokers),
            _ => null,
        };
    }

    /// <summary>Whether to show the bytes of a call instead of making it.</summary>
    internal bool ShowsWire => Verb == ShowWire;

    // One file for every terminal, so that `publish` and `consume` meet there.
    private static string DefaultBroker()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "celeriac-messaging"));
        return "sqlite://" + Uri.EscapeDataString(Path.Combine(folder.FullName, "messaging.db")).Replace("%2F", "/", StringComparison.Ordinal);
    }
}
