using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>graph ID</c>: a workflow with the states of its tasks, as a tree or for Graphviz.</summary>
internal static class GraphVerb
{
    private const int MostParents = 1000;

    public static Command Create(Func<ParseResult, Session> open)
    {
        var id = new Argument<string>("id") { Description = "The id of a task, or of a group that was saved." };
        var dot = new Option<bool>("--dot") { Description = "Graphviz's DOT, for example: graph ID --dot | dot -Tsvg > graph.svg." };
        var whole = new Option<bool>("--whole", "-w") { Description = "From the first task of the workflow, not from this one." };
        var most = new Option<int>("--members") { Description = "The most members of a group that are read and drawn, from 3 up.", HelpName = "number", DefaultValueFactory = _ => 20 };
        var command = new Command("graph", "Draw what a task has set going, with the state of each task.") { id, dot, whole, most };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                if (parse.GetValue(most) < 3)
                {
                    throw new UsageException($"--members is '{parse.GetValue(most)}', but a number from 3 up was expected.");
                }
                if (await FindAsync(session.Client, parse.GetRequiredValue(id), parse.GetValue(whole), cancellation).ConfigureAwait(false) is not { } found)
                {
                    session.Terminal.Fail($"Nothing is known of '{parse.GetValue(id)}': it waits, or was never sent, or its result has expired, or results are replies, which only their sender gets. Give the id of a task that has begun, or of a group that was saved.");
                    return CommandLineProgram.Failed;
                }
                var tree = await found.ReadTreeAsync(parse.GetValue(most), cancellation).ConfigureAwait(false);
                session.Terminal.Write((parse.GetValue(dot) ? tree.ToDot() : tree.ToString()).TrimEnd('\n'));
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static async ValueTask<AsyncResult?> FindAsync(TaskClient client, string id, bool fromTheFirst, CancellationToken cancellation)
    {
        var record = await client.Results.ReadAsync(id, cancellation).ConfigureAwait(false);
        if (record is null)
        {
            return client.Results.Groups is null ? null : await client.RestoreGroupAsync(id, cancellation).ConfigureAwait(false);
        }
        for (var climbed = 0; fromTheFirst && climbed < MostParents && record.ParentId is { } parent; climbed++)
        {
            if (await client.Results.ReadAsync(parent, cancellation).ConfigureAwait(false) is not { } above)
            {
                break;
            }
            record = above;
        }
        return client.Result(record.TaskId);
    }
}
