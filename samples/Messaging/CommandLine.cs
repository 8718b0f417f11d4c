namespace MessagingSample;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine(string Verb, string Text, string Broker)
{
    internal const string Usage = "Usage: Messaging [publish TEXT | consume] [--broker URL]";

    /// <summary>Reads the arguments; null where they make no sense.</summary>
    internal static CommandLine? Parse(string[] arguments)
    {
        var words = arguments.ToList();
        var broker = DefaultBroker();
        var option = words.IndexOf("--broker");
        if (option >= 0)
        {
            if (option + 1 == words.Count)
            {
                return null;
            }
            broker = words[option + 1];
            words.RemoveRange(option, 2);
        }
        return words switch
        {
            [] => new("tour", "", broker),
            ["consume"] => new("consume", "", broker),
            ["publish", _, ..] => new("publish", string.Join(' ', words.Skip(1)), broker),
            _ => null,
        };
    }

    // One file for every terminal, so that `publish` and `consume` meet there.
    private static string DefaultBroker()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "celeriac-messaging"));
        return "sqlite://" + Uri.EscapeDataString(Path.Combine(folder.FullName, "messaging.db")).Replace("%2F", "/", StringComparison.Ordinal);
    }
}
