using System.CommandLine;
using System.Globalization;
using Celeriac.Control;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>chords [ID]</c>: which chords are under way, and what each waits for.</summary>
internal static class ChordsVerb
{
    private const int MostMembers = 20;

    public static Command Create(Func<ParseResult, Session> open)
    {
        var id = new Argument<string?>("id") { Description = "The id of a chord's header or body. Default: all.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("chords", "Show the chords under way, and which of their members each waits for.") { id };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, cancellation => ShowAsync(session, parse.GetValue(id), cancellation));
        });
        return command;
    }

    private static async Task<int> ShowAsync(Session session, string? id, CancellationToken cancellation)
    {
        var shown = 0;
        await foreach (var chord in ChordInspection.ReadAsync(session.Client, id, MostMembers, cancellation).ConfigureAwait(false))
        {
            shown++;
            Write(session, chord);
        }
        if (shown == 0)
        {
            session.Terminal.Write(id is null ? "No chord is under way." : $"No chord '{id}' is under way: it has ended, or was never sent, or Python sent it. Give the id of its header or body.");
        }
        return shown == 0 && id is not null ? CommandLineProgram.Failed : CommandLineProgram.Done;
    }

    private static void Write(Session session, ChordView chord)
    {
        var head = chord.Head;
        session.Terminal.Write(string.Create(
            CultureInfo.InvariantCulture, $"chord {head.GroupId}: {chord.Count.Ended} of {chord.Count.Size} members have ended, begun {head.Begun:yyyy-MM-dd HH:mm:ss}Z, then {head.BodyTask}[{head.BodyId}]"));
        foreach (var (member, state) in chord.Waiting)
        {
            session.Terminal.Write($"  waits for {member.Task}[{member.TaskId}] {state}");
        }
        var more = chord.Count.Size - chord.Count.Ended - chord.Waiting.Count;
        if (more > 0)
        {
            session.Terminal.Write($"  and for {more} more");
        }
    }
}
