using System.CommandLine;
using Celeriac.Control;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>inspect</c> and <c>control</c>: ask and command running workers, C# and Python alike.</summary>
internal static class RemoteVerb
{
    public static Command Inspect(Func<ParseResult, Session> open) => Create("inspect", "Ask running workers what they do.", inspects: true, open);

    public static Command Control(Func<ParseResult, Session> open) => Create("control", "Command running workers.", inspects: false, open);

    private static Command Create(string verb, string description, bool inspects, Func<ParseResult, Session> open)
    {
        var name = new Argument<string>("command") { Description = $"One of: {ControlUsage.Names(inspects)}; or a command of the workers' own." };
        var words = new Argument<string[]>("arguments") { Description = "Its arguments; those of a workers' own command as name=value.", Arity = ArgumentArity.ZeroOrMore };
        var remote = new RemoteOptions();
        var command = new Command(verb, description) { name, words };
        remote.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            var arguments = ControlUsage.Read(parse.GetRequiredValue(name), inspects, parse.GetValue(words) ?? []);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var json = parse.GetValue(remote.Json);
                var broadcast = new Broadcast(session.Client, parse.GetRequiredValue(name), arguments, remote.Read(parse));
                var replies = await broadcast.AskAsync(json ? null : reply => NodeOutput.Write(session.Terminal, reply, withAnswer: true), cancellation).ConfigureAwait(false);
                if (RevocationOutput.Tells(parse.GetRequiredValue(name)) && !json)
                {
                    return RevocationOutput.Tell(session, replies.Select(reply => reply.Node).Distinct(StringComparer.Ordinal).Count(), broadcast.IsKept, isForAll: remote.Read(parse).Destination is null);
                }
                return Finish(session.Terminal, replies, json, tellsCount: inspects);
            });
        });
        return command;
    }

    private static int Finish(Terminal terminal, IReadOnlyList<NodeReply> replies, bool json, bool tellsCount)
    {
        if (replies.Count == 0)
        {
            terminal.Fail(RemoteOptions.NobodyAnswered);
            return CommandLineProgram.Unavailable;
        }
        if (json)
        {
            NodeOutput.WriteJson(terminal, replies);
        }
        else if (tellsCount)
        {
            NodeOutput.TellCount(terminal, replies.Count);
        }
        return CommandLineProgram.Done;
    }
}
