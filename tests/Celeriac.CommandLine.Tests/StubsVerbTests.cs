namespace Celeriac.CommandLine.Tests;

/// <summary><c>stubs</c>: what is written, and where. <see cref="StubsInPythonTests"/> runs it.</summary>
public sealed class StubsVerbTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-stubs-");

    private string Module => Path.Combine(_folder.FullName, "tasks.py");

    [Fact]
    public async Task A_task_is_a_function_with_its_signature_in_a_class_for_each_part_of_its_name()
    {
        var run = await RunAsync("stubs");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains(""""

            class math:
                """The C# tasks whose names begin with math."""

                @_task("math.add")
                @staticmethod
                def add(x: int, y: int = 2) -> int:
                    """Celeriac.CommandLine.Tests.StubbedTasks.Add"""
                    raise NotImplementedError

                @_task("math.mean", queue="slow", priority=7)
                @staticmethod
                def mean(*values: float) -> float:
                    """The mean of values, as Average computes it: \"exact\" & fast, NaN for none \U00002014 never null.

                    Celeriac.CommandLine.Tests.StubbedTasks.Mean
                    """
                    raise NotImplementedError
            """", run.Output, StringComparison.Ordinal);
        Assert.Contains("""
                    def place(
                        first_order: dict[str, _typing.Any],
                        note: str | None,
                        placed_at: _datetime.datetime | str,
                        id: _uuid.UUID | str = _default,
                        price: _decimal.Decimal | float = _decimal.Decimal("1.10"),
                        class_: _typing.Literal["Red", "Blue"] | int = "Blue",
                        tags: list[str] | None = None,
                    ) -> dict[str, _typing.Any]:
            """, run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere://broker", "rpc://")]
    [InlineData("not a url", "nowhere://results")]
    [InlineData("", "")]
    public async Task It_needs_no_broker_not_even_a_URL_that_could_be_one(string broker, string backend)
    {
        var run = await CommandLineRun.Of(celeriac => celeriac.Broker(broker).ResultBackend(backend).AddTasks(StubbedTasks.Definitions), "", ["stubs"]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("def add(", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_runs_elsewhere_has_no_stub() => Assert.DoesNotContain("elsewhere", (await RunAsync("stubs")).Output, StringComparison.Ordinal);

    [Fact]
    public async Task The_apps_own_queue_is_named_unless_it_is_Celerys()
    {
        var run = await CommandLineRun.Of(
            celeriac => celeriac.Broker(CommandLineRun.NewBroker()).Configure(options => options.DefaultQueue = "csharp").AddTasks(StubbedTasks.Definitions), "", ["stubs"]);
        Assert.Contains("@_task(\"math.add\", queue=\"csharp\")", run.Output, StringComparison.Ordinal);
        Assert.Contains("@_task(\"math.mean\", queue=\"slow\", priority=7)", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_without_hints_takes_and_answers_anything()
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), "stubs");
        Assert.Contains("def add(x: _typing.Any, y: _typing.Any) -> _typing.Any:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_without_tasks_has_nothing_to_write()
    {
        var run = await CommandLineRun.Of(celeriac => celeriac.Broker(CommandLineRun.NewBroker()), "", ["stubs"]);
        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.Contains("no tasks that run here", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_written_whole_and_checked()
    {
        var missing = await RunAsync("stubs", "-o", Module, "--check");
        Assert.Equal(1, missing.Code);
        Assert.Contains("There is no file", missing.Error, StringComparison.Ordinal);

        var written = await RunAsync("stubs", "-o", Module);
        Assert.Equal((0, $"Wrote 5 tasks to {Module}."), (written.Code, written.Output.Trim()));
        Assert.Equal((await RunAsync("stubs")).Output, await File.ReadAllTextAsync(Module, TestContext.Current.CancellationToken));
        Assert.Equal([Module], Directory.GetFiles(_folder.FullName));
        Assert.Equal(0, (await RunAsync("stubs", "-o", Module, "--check")).Code);

        await File.AppendAllTextAsync(Module, "# mine\n", TestContext.Current.CancellationToken);
        var changed = await RunAsync("stubs", "-o", Module, "--check");
        Assert.Equal(1, changed.Code);
        Assert.Contains("is not what the tasks are now", changed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_said_in_one_line()
    {
        var run = await RunAsync("stubs", "-o", Path.Combine(_folder.FullName, "none", "tasks.py"));
        Assert.Equal(1, run.Code);
        Assert.StartsWith("Error: Could not find a part of the path", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.Of(celeriac => celeriac.Broker(CommandLineRun.NewBroker()).AddTasks(StubbedTasks.Definitions), "", args);
}
