using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>pause QUEUE…</c> and <c>resume QUEUE…</c>: for all workers, also those that start later.</summary>
internal static class PauseVerbs
{
    public static Command Pause(Func<ParseResult, Session> open) => Create(
        open, "pause", "Let no worker begin anything more of queues until 'resume'; what runs ends. Without a queue: show which are paused.", ArgumentArity.ZeroOrMore,
        async (session, queue, cancellation) => await session.Client.Control.PauseAsync(queue, cancellation).ConfigureAwait(false) ? $"Queue {queue} is paused." : $"Queue {queue} was paused already.");

    public static Command Resume(Func<ParseResult, Session> open) => Create(
        open, "resume", "Let workers go on with queues that are paused.", ArgumentArity.OneOrMore,
        async (session, queue, cancellation) => await session.Client.Control.ResumeAsync(queue, cancellation).ConfigureAwait(false) ? $"Queue {queue} goes on." : $"Queue {queue} was not paused.");

    private static Command Create(Func<ParseResult, Session> open, string name, string description, ArgumentArity arity, Func<Session, string, CancellationToken, Task<string>> change)
    {
        var queues = new Argument<string[]>("queue") { Description = "The queues.", Arity = arity };
        var command = new Command(name, description) { queues };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var named = parse.GetValue(queues) ?? [];
                foreach (var queue in named)
                {
                    session.Terminal.Write(await change(session, queue, cancellation).ConfigureAwait(false));
                }
                if (named.Length == 0)
                {
                    var paused = await session.Client.Control.PausedAsync(cancellation).ConfigureAwait(false);
                    session.Terminal.Write(paused.Count == 0 ? "No queue is paused." : $"Paused: {string.Join(", ", paused)}.");
                }
                return CommandLineProgram.Done;
            });
        });
        return command;
    }
}
