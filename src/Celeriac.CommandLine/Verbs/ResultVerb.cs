using System.CommandLine;
using System.Text;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>result</c>: prints how a task ended.</summary>
internal static class ResultVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var id = new Argument<string>("id") { Description = "The task's id." };
        var task = new Option<string?>("--task", "-t") { Description = "The task's name, as Celery wants it; not needed here.", HelpName = "name" };
        var traceback = new Option<bool>("--traceback") { Description = "The traceback of a failed task too." };
        var wait = new Option<TimeSpan?>("--wait") { Description = "Wait until the task has ended; with a number, at most that many seconds.", HelpName = "seconds", Arity = ArgumentArity.ZeroOrOne, CustomParser = OptionReading.Seconds };
        var json = new Option<bool>("--json", "-j") { Description = "Everything that is stored, as JSON." };
        var command = new Command("result", "Print the result of a task; the exit code is 0 when it has succeeded.") { id, task, traceback, wait, json };
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var result = session.Client.Result(parse.GetRequiredValue(id));
                var record = parse.GetResult(wait) is null
                    ? await result.RecordAsync(cancellation).ConfigureAwait(false) ?? new ResultRecord { TaskId = result.Id, Status = TaskStates.Pending }
                    : await result.WaitAsync(parse.GetValue(wait), cancellation).ConfigureAwait(false);
                return parse.GetValue(json)
                    ? WriteJson(session.Terminal, record)
                    : await WriteAsync(session, record, parse.GetValue(traceback)).ConfigureAwait(false);
            });
        });
        return command;
    }

    /// <summary>The result of a task that has succeeded on standard output; anything else as an error.</summary>
    public static async Task<int> WriteAsync(Session session, ResultRecord record, bool withTraceback)
    {
        if (record.Status == TaskStates.Success)
        {
            session.Terminal.Write(Encoding.UTF8.GetString(record.Result.Span));
            return CommandLineProgram.Done;
        }
        if (record.Progress is { } progress)
        {
            session.Terminal.Fail($"Task '{record.TaskId}' is {record.Status}: {progress}. Use --wait to wait for its end.");
            return CommandLineProgram.Failed;
        }
        if (!TaskStates.IsException(record.Status))
        {
            session.Terminal.Fail($"Task '{record.TaskId}' is {record.Status}{(record.Status == TaskStates.Pending ? ": it waits, or was never sent, or its result has expired" : "")}. Use --wait to wait for its end.");
            return CommandLineProgram.Failed;
        }
        var failure = ExceptionCodec.Decode(record.Result.Span, record.Traceback);
        session.Terminal.Fail($"Task '{record.TaskId}' ended as {record.Status}: {failure.Type}({string.Join(", ", failure.Arguments)})");
        if (withTraceback && record.Traceback is { Length: > 0 } traceback)
        {
            await session.Terminal.Error.WriteLineAsync(Terminal.Safe(traceback)).ConfigureAwait(false);
        }
        return CommandLineProgram.Failed;
    }

    private static int WriteJson(Terminal terminal, ResultRecord record)
    {
        terminal.WriteJson(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("task_id"u8, record.TaskId);
            writer.WriteString("status"u8, record.Status);
            writer.WritePropertyName("result"u8);
            writer.WriteRawValue(record.Result.Span, skipInputValidation: false);
            writer.WriteString("traceback"u8, record.Traceback);
            writer.WritePropertyName("children"u8);
            writer.WriteRawValue(record.Children.Span, skipInputValidation: false);
            writer.WriteString("date_done"u8, record.DateDone is { } done ? CeleryTime.Write(done) : null);
            writer.WriteEndObject();
        });
        return record.Status == TaskStates.Success ? CommandLineProgram.Done : CommandLineProgram.Failed;
    }
}
