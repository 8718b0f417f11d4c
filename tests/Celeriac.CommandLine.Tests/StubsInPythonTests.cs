using System.Diagnostics;

namespace Celeriac.CommandLine.Tests;

/// <summary>The module that <c>stubs</c> writes, imported and used by a real Python with a real Celery.</summary>
public sealed class StubsInPythonTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-stubs-");

    [Fact]
    public async Task It_compiles() => await PythonAsync("import py_compile; py_compile.compile('tasks.py', doraise=True)");

    [Theory]
    [InlineData("tasks.math.add.s(2, 3)", "math.add (2, 3) {} {'serializer': 'json'} False")]
    [InlineData("tasks.math.add.s(x=2)", "math.add () {'x': 2} {'serializer': 'json'} False")]
    [InlineData("tasks.math.add.si(2)", "math.add (2,) {} {'serializer': 'json'} True")]
    [InlineData("tasks.math.mean.s(1.5, 2.5)", "math.mean (1.5, 2.5) {} {'serializer': 'json', 'queue': 'slow', 'priority': 7} False")]
    [InlineData("tasks.math.mean.signature((1,), queue='fast', countdown=5)", "math.mean (1,) {} {'serializer': 'json', 'queue': 'fast', 'priority': 7, 'countdown': 5} False")]
    [InlineData("tasks.shop.orders.place.si({'id': 1}, note=None, placed_at='2030-01-02', class_='Red')", "shop.orders.place ({'id': 1},) {'note': None, 'placed_at': '2030-01-02', 'class': 'Red'} {'serializer': 'json'} True")]
    [InlineData("tasks.shop_.si(orderId=1, order_id=2)", "shop () {'orderId': 1, 'order_id': 2} {'serializer': 'json'} True")]
    [InlineData("tasks._9_lives.del_.___.__.si(self='a', name='b')", "9 lives.del.\"\"\".😀 () {'self': 'a', 'name': 'b'} {'serializer': 'json'} True")]
    public async Task A_signature_is_what_Celery_sends(string expression, string expected) =>
        Assert.Equal(expected, await PythonAsync($"s = {expression}; print(s.task, s.args, s.kwargs, s.options, s.immutable)"));

    [Theory]
    [InlineData("tasks.math.add.delay()", "math.add() missing a required argument: 'x'")]
    [InlineData("tasks.math.add.delay(1, 2, 3)", "math.add() too many positional arguments")]
    [InlineData("tasks.math.add.si(1, z=3)", "math.add() got an unexpected keyword argument 'z'")]
    [InlineData("tasks.math.add.apply_async((1, 2), {'y': 3})", "math.add() multiple values for argument 'y'")]
    public async Task Arguments_that_do_not_fit_are_refused_where_they_are_given(string expression, string error) => Assert.Equal(error, await PythonAsync($"""
        try:
            {expression}
        except TypeError as error:
            print(error)
        """));

    [Fact]
    public async Task What_is_sent_is_in_the_queue_with_the_names_that_the_worker_knows() => Assert.Equal(
        "math.add math.add [[2], {'y': 3}] application/json celery|math.mean math.mean [[1.5], {}] application/json slow", await PythonAsync("""
            tasks.math.add.delay(2, y=3)
            tasks.math.mean.apply_async((1.5,), countdown=60)
            def sent(queue):
                with app.connection_for_read() as connection:
                    message = connection.SimpleQueue(queue).get(timeout=5)
                return f"{message.headers['task']} {message.headers['shadow'] or message.headers['task']} {message.payload[:2]} {message.content_type} {queue}"
            print(sent("celery"), sent("slow"), sep="|")
            """));

    [Fact]
    public async Task It_goes_into_chains_and_groups_of_Celery() => Assert.Equal(
        "['math.add', 'math.add'] [(1, 2), (4,)] ['math.add', 'math.mean']", await PythonAsync("""
            flow = celery.chain(tasks.math.add.s(1, 2), tasks.math.add.s(4))
            both = celery.group(tasks.math.add.s(1), tasks.math.mean.s(2))
            print([t.task for t in flow.tasks], [t.args for t in flow.tasks], [t.task for t in both.tasks])
            """));

    [Fact]
    public async Task Its_documentation_is_the_C_sharp_method_and_its_signature_the_tasks() => Assert.Equal(
        "(x: 'int', y: 'int' = 2) -> 'int'|Celeriac.CommandLine.Tests.StubbedTasks.Add|<C# task math.add(x: 'int', y: 'int' = 2) -> 'int'>|a \"quoted\" \\ text, 😀 \\n", await PythonAsync("""
            import inspect
            print(inspect.signature(tasks.math.add.si).parameters and tasks.math.add.__signature__, tasks.math.add.__doc__, tasks.math.add, tasks.shop_.__signature__.parameters["text"].default.replace(chr(10), "\\n"), sep="|")
            """));

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Runs a program with Debian's own Python, which has Celery, beside the module; answers what it printed.</summary>
    private async Task<string> PythonAsync(string program)
    {
        var written = await CommandLineRun.Of(
            celeriac => celeriac.Broker(CommandLineRun.NewBroker()).AddTasks(StubbedTasks.Definitions), "", ["stubs", "-q", "-o", Path.Combine(_folder.FullName, "tasks.py")]);
        Assert.Equal((0, ""), (written.Code, written.All));
        var start = new ProcessStartInfo("/usr/bin/python3", ["-W", "error::SyntaxWarning", "-c", $"import celery, tasks\napp = celery.Celery(broker='memory://', backend='cache+memory://')\n{program}"])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONIOENCODING"] = "utf-8" },
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(python.ExitCode == 0, $"{await errors}\nThis test needs the Debian packages python3 and python3-celery.");
        return output.Trim();
    }
}
