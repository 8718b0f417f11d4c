using System.Diagnostics;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Postgres.Tests;

/// <summary>Results in the table of Python's database backend.</summary>
public sealed class PythonResultTests : PostgresTest
{
    private const string Missing = "missing module";

    private string Backend => $"db+postgresql{Server.Url[Server.Url.IndexOf("://", StringComparison.Ordinal)..]}";

    private readonly string _id = Guid.NewGuid().ToString();

    [Fact]
    public async Task A_wait_ends_with_what_another_process_wrote()
    {
        var (caller, worker) = (Open(), Open());
        var waiting = caller.WaitAsync(_id, Cancelled).AsTask();
        await worker.WriteAsync(Record(TaskStates.Started, "null"), null, Cancelled);
        await worker.WriteAsync(Record(TaskStates.Success, """{"sum":[3,"ü€😀\u0000",1.5]}"""), null, Cancelled);
        var record = await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.Equal((TaskStates.Success, """{"sum":[3,"ü€😀\u0000",1.5]}"""), (record.Status, Normal(record)));
        await caller.ForgetAsync(_id, Cancelled);
        Assert.Null(await worker.ReadAsync(_id, Cancelled));
    }

    [Fact]
    public async Task A_success_is_final_and_a_failure_is_not()
    {
        var store = Open();
        foreach (var (status, result) in new[] { (TaskStates.Failure, "1"), (TaskStates.Success, "2"), (TaskStates.Failure, "3"), (TaskStates.Success, "4") })
        {
            await store.WriteAsync(Record(status, result), null, Cancelled);
        }
        Assert.Equal("2", Normal((await store.ReadAsync(_id, Cancelled))!));
    }

    [Fact]
    public async Task A_row_is_as_Celery_writes_it_and_what_the_table_has_no_column_for_is_not_kept()
    {
        var store = Open();
        await store.WriteAsync(
            Record(TaskStates.Success, "5") with
            {
                DateDone = new DateTimeOffset(2026, 11, 22, 6, 48, 2, 304, 297, TimeSpan.FromHours(1)),
                Name = "math.add",
                Args = "[2, 3]"u8.ToArray(),
                Kwargs = "{}"u8.ToArray(),
                Worker = "w1@host",
                Retries = 1,
                Queue = "mail",
                Children = """[[["child", null], null]]"""u8.ToArray(),
                ParentId = "parent",
                GroupId = "group",
            }, null, Cancelled);
        Assert.Equal(
            "SUCCESS|80044a050000002e|2026-11-22 05:48:02.304297||math.add|[2, 3]|{}|w1@host|1|mail",
            await Server.ControlAsync($"SELECT concat_ws('|', status, encode(result, 'hex'), date_done::text, coalesce(traceback, ''), name, convert_from(args, 'UTF8'), convert_from(kwargs, 'UTF8'), worker, retries, queue) FROM public.celery_taskmeta WHERE task_id = '{_id}'"));

        var read = (await store.ReadAsync(_id, Cancelled))!;
        Assert.Equal(("math.add", "[2, 3]", "{}", "w1@host", 1, "mail"), (read.Name, Encoding.UTF8.GetString(read.Args.Span), Encoding.UTF8.GetString(read.Kwargs.Span), read.Worker, read.Retries, read.Queue));
        Assert.Equal(("null", null, null), (Encoding.UTF8.GetString(read.Children.Span), read.ParentId, read.GroupId));
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 5, 48, 2, 304, 297, TimeSpan.Zero), read.DateDone);
    }

    [Fact]
    public async Task A_table_that_Python_made_without_result_extended_is_used_as_it_is()
    {
        var schema = SharedServer.NewSchema();
        await Server.ControlAsync($"CREATE SCHEMA {schema}; CREATE SEQUENCE {schema}.task_id_sequence; CREATE TABLE {schema}.celery_taskmeta (id integer PRIMARY KEY, task_id varchar(155) UNIQUE, status varchar(50), result bytea, date_done timestamp, traceback text)");
        var store = Own(new PythonResultStoreFactory().Create(BrokerUrl.Parse($"{Backend}?schema={schema}&migrate=false"), new ResultStoreContext()));
        await store.WriteAsync(Record(TaskStates.Success, "[1,null]") with { Name = "math.add", Traceback = "lines" }, null, Cancelled);
        var read = (await store.ReadAsync(_id, Cancelled))!;
        Assert.Equal(("[1,null]", "lines", null), (Normal(read), read.Traceback, read.Name));
    }

    [Fact]
    public async Task A_pickle_that_is_more_than_plain_values_ends_the_wait_in_a_clear_error()
    {
        var store = Open();
        await store.WriteAsync(Record(TaskStates.Success, "1"), null, Cancelled);
        // pickle.dumps(print)
        await Server.ControlAsync($"UPDATE public.celery_taskmeta SET result = '\\x80049516000000000000008c086275696c74696e73948c057072696e749493942e' WHERE task_id = '{_id}'");
        var error = await Assert.ThrowsAsync<ContentException>(() => store.WaitAsync(_id, Cancelled).AsTask());
        Assert.Contains(_id, error.Message, StringComparison.Ordinal);
        Assert.Contains("opcode 0x93", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pythons_backend_reads_what_is_written_here_and_the_other_way_round()
    {
        var store = Open();
        var failed = Record(TaskStates.Failure, """{"exc_type":"ValueError","exc_message":["boom",42],"exc_module":"builtins"}""") with { Traceback = "Traceback …" };
        await store.WriteAsync(failed, null, Cancelled);
        var waiting = store.WaitAsync($"{_id}-python", Cancelled).AsTask();

        var printed = await PythonAsync(
            $$"""
            import celery
            backend = celery.Celery(backend='{{Backend}}').backend
            meta = backend.get_task_meta('{{_id}}')
            print(meta['status'], repr(meta['result']), meta['traceback'])
            backend.store_result('{{_id}}-python', {'sum': (1, 2.5, None), 'large': 2 ** 70, 'b': [True]}, 'SUCCESS')
            """);
        Assert.Equal("FAILURE ValueError('boom', 42) Traceback …", printed.Trim());
        Assert.Equal("""{"sum":[1,2.5,null],"large":1180591620717411303424,"b":[true]}""", Normal(await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancelled)));
    }

    private static string Normal(ResultRecord record) => System.Text.Json.Nodes.JsonNode.Parse(record.Result.Span)!.ToJsonString(
        new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal);

    private IResultStore Open() => Own(new PythonResultStoreFactory().Create(BrokerUrl.Parse(Backend), new ResultStoreContext()));

    private ResultRecord Record(string status, string result) => new() { TaskId = _id, Status = status, Result = Encoding.UTF8.GetBytes(result) };

    private static async Task<string> PythonAsync(string script)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", $"try:\n    import celery, psycopg2, sqlalchemy\nexcept ImportError as error:\n    print('{Missing}', error.name)\n    raise SystemExit\n{script}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONIOENCODING"] = "utf-8" },
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync(Cancelled);
        var printed = await python.StandardOutput.ReadToEndAsync(Cancelled);
        await python.WaitForExitAsync(Cancelled);
        if (printed.StartsWith(Missing, StringComparison.Ordinal) && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip($"{printed.Trim()}: install python3-celery, python3-psycopg2 and python3-sqlalchemy.");
        }
        Assert.True(python.ExitCode == 0, await errors);
        return printed;
    }
}
