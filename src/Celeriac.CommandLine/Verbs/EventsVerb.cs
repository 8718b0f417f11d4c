using System.CommandLine;
using Celeriac.Messaging;
using Spectre.Console;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>events</c>: what the fleet tells, as lines or as a live picture, until Ctrl+C.</summary>
internal static class EventsVerb
{
    private static readonly TimeSpan s_defaultFrequency = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_keyInterval = TimeSpan.FromMilliseconds(100);
    // What stands above and below the tasks: title, rates, borders, the last line.
    private const int LinesAround = 14;

    public static Command Create(Func<ParseResult, Session> open)
    {
        var dump = new Option<bool>("--dump", "-d") { Description = "Print one line for each event; so it does anyway where the output is no terminal." };
        var frequency = new Option<TimeSpan?>("--frequency", "--freq", "-F") { Description = "How many seconds pass between two pictures; default 1.", HelpName = "seconds", CustomParser = OptionReading.Seconds };
        var limit = new Option<int?>("--limit") { Description = "End after so many events.", HelpName = "number", CustomParser = OptionReading.Number(1, int.MaxValue) };
        var command = new Command("events", "Show the events of all workers: a live picture, or lines with --dump. Task events come from workers that were started with -E or told enable_events.") { dump, frequency, limit };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var receiver = session.Client.Events.Receive();
                await using (((IAsyncDisposable)receiver).ConfigureAwait(false))
                {
                    await receiver.StartAsync(cancellation).ConfigureAwait(false);
                    await (parse.GetValue(dump) || !session.Terminal.IsInteractive
                        ? DumpAsync(session, receiver, parse.GetValue(limit) ?? int.MaxValue, cancellation)
                        : ShowAsync(session, receiver, parse.GetValue(frequency) ?? s_defaultFrequency, parse.GetValue(limit) ?? int.MaxValue, cancellation)).ConfigureAwait(false);
                }
                return CommandLineProgram.Done;
            });
        });
        return command;
    }

    private static async Task DumpAsync(Session session, EventReceiver receiver, int limit, CancellationToken cancellation)
    {
        session.Terminal.Tell("-> evdump: starting capture...");
        var dump = new EventDump();
        try
        {
            await foreach (var happened in receiver.WithCancellation(cancellation).ConfigureAwait(false))
            {
                session.Terminal.Write(dump.LineOf(happened));
                if (--limit == 0)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl+C is the way to end it.
        }
    }

    private static async Task ShowAsync(Session session, EventReceiver receiver, TimeSpan frequency, int limit, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var cluster = new ClusterState(time: session.Time);
        var following = FollowAsync(receiver, cluster, limit, ending);
        var console = session.Terminal.CreateConsole(moves: true);
        var screen = new EventScreen(cluster, session.Client.Transport.Name, session.Time);
        await console.Live(screen.Draw(MostTasks(console))).AutoClear(true).StartAsync(async live =>
        {
            while (!ending.IsCancellationRequested)
            {
                live.UpdateTarget(screen.Draw(MostTasks(console)));
                await WaitAsync(session.Time, frequency, ending).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        console.Write(screen.Draw(MostTasks(console)));
        await following.ConfigureAwait(false);
    }

    private static async Task FollowAsync(EventReceiver receiver, ClusterState cluster, int limit, CancellationTokenSource ending)
    {
        try
        {
            await foreach (var happened in receiver.WithCancellation(ending.Token).ConfigureAwait(false))
            {
                cluster.Apply(happened);
                if (--limit == 0)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The picture was closed.
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the next picture, or for the key that ends it.</summary>
    private static async Task WaitAsync(TimeProvider time, TimeSpan frequency, CancellationTokenSource ending)
    {
        var started = time.GetTimestamp();
        do
        {
            if (Terminal.TryReadKey() is 'q' or 'Q')
            {
                await ending.CancelAsync().ConfigureAwait(false);
            }
            await Task.Delay(s_keyInterval, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!ending.IsCancellationRequested && time.GetElapsedTime(started) < frequency);
    }

    private static int MostTasks(IAnsiConsole console) => Math.Max(5, console.Profile.Height - LinesAround);
}
