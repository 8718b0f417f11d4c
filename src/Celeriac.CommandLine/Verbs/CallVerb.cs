using System.CommandLine;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>call</c>: sends a task by name and prints its id.</summary>
internal static class CallVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var name = new Argument<string>("name") { Description = "The task's name, for example math.add." };
        var args = new Option<string?>("--args", "-a") { Description = "The positional arguments, a JSON array.", HelpName = "json", CustomParser = OptionReading.Json(JsonValueKind.Array, "[2, 3]") };
        var kwargs = new Option<string?>("--kwargs", "-k") { Description = "The keyword arguments, a JSON object.", HelpName = "json", CustomParser = OptionReading.Json(JsonValueKind.Object, "{\"x\": 2}") };
        var countdown = new Option<TimeSpan?>("--countdown") { Description = "Not before this many seconds.", HelpName = "seconds", CustomParser = OptionReading.Seconds };
        var eta = new Option<DateTimeOffset?>("--eta") { Description = "Not before this time, ISO 8601; without an offset it is UTC.", HelpName = "time", CustomParser = OptionReading.Time };
        var expires = new Option<Func<TimeProvider, DateTimeOffset>?>("--expires") { Description = "Not later than this time, or this many seconds from now.", HelpName = "time", CustomParser = OptionReading.TimeOrSeconds };
        var queue = new Option<string?>("--queue") { Description = "The queue; default the task's own, else the default queue.", HelpName = "queue" };
        var exchange = new Option<string?>("--exchange") { Description = "An exchange instead of a queue, with --routing-key.", HelpName = "exchange" };
        var routingKey = new Option<string?>("--routing-key") { Description = "The routing key on the exchange.", HelpName = "key" };
        var priority = new Option<int?>("--priority") { Description = "0–255, higher first, on queues with a maximum priority.", HelpName = "number", CustomParser = OptionReading.Number(0, 255) };
        var wait = new Option<TimeSpan?>("--wait") { Description = "Wait for the result and print it; with a number, at most that many seconds.", HelpName = "seconds", Arity = ArgumentArity.ZeroOrOne, CustomParser = OptionReading.Seconds };
        var command = new Command("call", "Send a task by name and print its id.") { name, args, kwargs, countdown, eta, expires, queue, exchange, routingKey, priority, wait };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, cancellation =>
            {
                var options = new SendOptions
                {
                    Countdown = parse.GetValue(countdown),
                    Eta = parse.GetValue(eta),
                    Expires = parse.GetValue(expires)?.Invoke(session.Time),
                    Queue = parse.GetValue(queue),
                    Exchange = parse.GetValue(exchange),
                    RoutingKey = parse.GetValue(routingKey),
                    Priority = (byte?)parse.GetValue(priority),
                    IgnoreResult = parse.GetResult(wait) is null ? null : false,
                };
                var signature = new Signature(parse.GetRequiredValue(name))
                {
                    Args = Encoding.UTF8.GetBytes(parse.GetValue(args) ?? "[]"),
                    Kwargs = Encoding.UTF8.GetBytes(parse.GetValue(kwargs) ?? "{}"),
                    Declared = session.Registry.Find(parse.GetRequiredValue(name))?.Options,
                    Options = options,
                };
                return SendAsync(session, signature, parse.GetResult(wait) is not null, parse.GetValue(wait), cancellation);
            });
        });
        return command;
    }

    private static async Task<int> SendAsync(Session session, Signature signature, bool waits, TimeSpan? patience, CancellationToken cancellationToken)
    {
        if (session.Registry.Find(signature.Task) is null && DidYouMean.Sentence(signature.Task, session.Registry.Names) is { Length: > 0 } meant)
        {
            session.Terminal.Warn($"Task '{signature.Task}' is not one of this program's; it is sent all the same. {meant}");
        }
        var result = await session.Client.SendAsync(signature, cancellationToken).ConfigureAwait(false);
        session.Terminal.Write(result.Id);
        return waits ? await ResultVerb.WriteAsync(session, await result.WaitAsync(patience, cancellationToken).ConfigureAwait(false), withTraceback: false).ConfigureAwait(false) : CommandLineProgram.Done;
    }
}
