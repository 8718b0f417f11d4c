using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary>The options of every verb that speaks to running workers.</summary>
internal sealed class RemoteOptions
{
    public const string NobodyAnswered = "No nodes replied within time constraint";

    public Option<string[]> Destination { get; } = new("--destination", "-d") { Description = "The nodes that are meant, comma-separated; default all.", HelpName = "nodes", CustomParser = OptionReading.Names };

    public Option<TimeSpan?> Timeout { get; } = new("--timeout", "-t") { Description = "How many seconds answers are waited for; default 1.", HelpName = "seconds", CustomParser = OptionReading.Seconds };

    public Option<bool> Json { get; } = new("--json", "-j") { Description = "As JSON." };

    public void AddTo(Command command)
    {
        command.Add(Destination);
        command.Add(Timeout);
        command.Add(Json);
    }

    public ControlOptions Read(ParseResult parse) => new()
    {
        Destination = parse.GetValue(Destination) is { Length: > 0 } nodes ? nodes : null,
        Timeout = parse.GetValue(Timeout) ?? TimeSpan.FromSeconds(1),
    };
}
