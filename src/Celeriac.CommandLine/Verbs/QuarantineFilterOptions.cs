using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary>The options that choose messages of a quarantine.</summary>
internal sealed class QuarantineFilterOptions
{
    private readonly Option<string?> _task = new("--task", "-t") { Description = "Only of this task; * and ? stand for anything.", HelpName = "name" };
    private readonly Option<string?> _reason = new("--reason", "-r") { Description = "Only for this reason, for example UnknownTask.", HelpName = "reason" };
    private readonly Option<string?> _contains = new("--contains") { Description = "Only where the sentence of the reason contains this.", HelpName = "text" };
    private readonly Option<string?> _node = new("--node") { Description = "Only what this node has put aside; * and ? stand for anything.", HelpName = "node" };
    private readonly Option<Func<TimeProvider, DateTimeOffset>?> _since = new("--since") { Description = "Only what was put aside since: a time, or how long ago, for example 90m, 12h or 7d.", HelpName = "time", CustomParser = OptionReading.TimeOrAgo };
    private readonly Option<Func<TimeProvider, DateTimeOffset>?> _until = new("--until") { Description = "Only what was put aside before: a time, or how long ago.", HelpName = "time", CustomParser = OptionReading.TimeOrAgo };

    private Option[] All => [_task, _reason, _contains, _node, _since, _until];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    public bool IsGiven(ParseResult parse) => IsGiven(parse.CommandResult);

    public bool IsGiven(System.CommandLine.Parsing.CommandResult result) => All.Any(option => result.GetResult(option) is not null);

    public QuarantineFilter Read(ParseResult parse, IReadOnlyCollection<string> ids) => new()
    {
        Ids = ids.Count > 0 ? ids : null,
        Task = parse.GetValue(_task),
        Reason = parse.GetValue(_reason),
        Contains = parse.GetValue(_contains),
        Node = parse.GetValue(_node),
        Since = parse.GetValue(_since)?.Invoke(TimeProvider.System),
        Until = parse.GetValue(_until)?.Invoke(TimeProvider.System),
    };
}
