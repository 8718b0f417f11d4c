using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.CommandLine.Tests;

public sealed class ParsingTests
{
    [Theory]
    [InlineData("wroker", "Unknown command 'wroker'. Did you mean 'worker'?")]
    [InlineData("worker --quues mail", "Unknown option '--quues' for 'worker'. Did you mean '--queues'?")]
    [InlineData("--brokr memory://x", "Unknown option '--brokr'. Did you mean '--broker'?")]
    [InlineData("quarantine lsit", "Unknown command 'lsit' for 'quarantine'. Did you mean 'list'?")]
    [InlineData("worker -c 0", "Option '-c' is '0', but must be a whole number from 1 to 100000.")]
    [InlineData("worker -c many", "Option '-c' is 'many', but must be a whole number from 1 to 100000.")]
    [InlineData("worker -P gevent", "Option '-P' is 'gevent', but must be one of threads, processes, prefork, solo.")]
    [InlineData("worker --max-memory-per-child 0", "Option '--max-memory-per-child' is '0', but must be a whole number from 1 to 2147483647.")]
    [InlineData("worker -l loud", "Option '-l' is 'loud', but must be one of debug, info, warning, error, critical, fatal.")]
    [InlineData("call math.add -a {}", "Option '-a' is '{}', but must be a JSON array, for example '[2, 3]'.")]
    [InlineData("call math.add -k [1]", "Option '-k' is '[1]', but must be a JSON object")]
    [InlineData("call math.add --eta soon", "Option '--eta' is 'soon', but must be a time such as 2026-12-24T18:00:00Z.")]
    [InlineData("call math.add --countdown -1", "Option '--countdown' is '-1', but must be a number of seconds")]
    [InlineData("call math.add --priority 256", "Option '--priority' is '256', but must be a whole number from 0 to 255.")]
    [InlineData("call", "Required argument missing for command: 'call'.")]
    [InlineData("quarantine retry", "Give the ids of messages, or options that choose them, or --all: 'quarantine retry ID', 'quarantine retry --task mail.*' or 'quarantine retry --all'.")]
    [InlineData("quarantine delete x --all", "Give the ids of messages, or options that choose them, or --all")]
    [InlineData("quarantine delete x --task mail.send", "Give the ids of messages, or options that choose them, or --all")]
    [InlineData("quarantine list --since soon", "Option '--since' is 'soon', but must be a time such as 2026-12-24T18:00:00Z, or how long ago, for example 90m, 12h or 7d.")]
    [InlineData("quarantine retry --limit 0", "Option '--limit' is '0', but must be a whole number from 1 to 65535.")]
    [InlineData("stubs --check", "--check compares with a file. Name it: --output tasks.py.")]
    [InlineData("worker -Q ,", "Option '-Q' names no queue.")]
    public async Task Wrong_arguments_are_answered_with_one_sentence_and_exit_code_2(string line, string sentence)
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), line.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.StartsWith($"Error: {sentence}", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n'), text => text.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains("--help' for what there is.", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task A_pool_of_processes_needs_a_broker_that_processes_share()
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), "worker", "-P", "prefork");
        Assert.Equal(2, run.Code);
        Assert.StartsWith("Error: Pool (worker_pool) is 'processes', but BrokerUrl (broker_url) is 'memory://', which lives in one process", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "worker -c 8 -Q mail,slow -n w1@%h -l info|worker|call|result|status|purge|quarantine|stubs|-b, --broker|--result-backend|-C, --no-color|-q, --quiet|--version")]
    [InlineData("worker --help", "-c, --concurrency|-Q, --queues|-n, --hostname|-l, --loglevel|--prefetch|--prefetch-multiplier")]
    [InlineData("call --help", "-a, --args|-k, --kwargs|--countdown|--eta|--expires|--queue|--exchange|--routing-key|--priority|--wait")]
    [InlineData("result --help", "-t, --task|--traceback|--wait|-j, --json")]
    [InlineData("stubs --help", "-o, --output|--check")]
    [InlineData("purge --help", "-f, --force|-Q, --queues|-X, --exclude-queues")]
    [InlineData("status --help", "-Q, --queues|-j, --json")]
    [InlineData("quarantine --help", "list|count|show|retry|delete|-Q, --queues")]
    [InlineData("quarantine retry --help", "--task|--reason|--contains|--node|--since|--until|--limit|--all|--dry-run|--keep-retries|--ignore-expires")]
    [InlineData("quarantine delete --help", "--all|--limit|--dry-run|--yes")]
    public async Task Help_names_Celerys_flags(string line, string mentions)
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), line.Split(' '));
        Assert.Equal(0, run.Code);
        Assert.All(mentions.Split('|'), mention => Assert.Contains(mention, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_version_is_Celeriacs()
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), "--version");
        Assert.Equal(0, run.Code);
        Assert.Matches(@"^celeriac \d+\.\d+\.\d+\s*$", run.Output);
    }

    [Theory]
    [InlineData("status", "-Q=mail,slow")]
    [InlineData("status", "-Q", "mail,slow")]
    [InlineData("status", "-Qmail,slow")]
    [InlineData("status", "--queues", "mail,slow")]
    [InlineData("status", "--queues=mail,slow")]
    [InlineData("status", "-Q", "mail", "-Q", "slow")]
    public async Task Queues_are_given_in_every_common_way(params string[] args)
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), [.. args, "--json", "-t", "0.01"]);
        Assert.Equal(69, run.Code);
        Assert.Contains("\"mail\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"slow\"", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("celery", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-b", "memory://given", "status")]
    [InlineData("status", "-b", "memory://given")]
    [InlineData("status", "--broker=memory://given")]
    public async Task The_brokers_option_wins_before_and_after_the_verb(params string[] args)
    {
        var run = await CommandLineRun.Of("nosuch://configured", [.. args, "-t", "0.01"]);
        Assert.Equal((69, "Error: No nodes replied within time constraint"), (run.Code, run.Error.Trim()));
        Assert.Contains("Broker memory://given answers.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Faulty_settings_are_told_all_at_once_without_a_stack_trace()
    {
        var run = await CommandLineRun.Of(
            celeriac => celeriac.Broker($"nosuch://user:{CommandLineRun.Password}@host/").ConfigureWorker(options => options.Concurrency = 0), "", ["status"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("Error: BrokerUrl (broker_url): No transport is registered for scheme 'nosuch'", run.Error, StringComparison.Ordinal);
        Assert.Contains("Error: Concurrency (worker_concurrency) is '0'", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("worker")]
    [InlineData("call", "math.add")]
    [InlineData("status")]
    [InlineData("purge", "-f")]
    [InlineData("quarantine", "list")]
    [InlineData("result", "x")]
    public async Task A_malformed_broker_is_exit_code_2_and_never_shows_its_password(params string[] args)
    {
        var run = await CommandLineRun.Of(CommandLineRun.NewBroker(), [.. args, "-b", $"amqp//user:{CommandLineRun.Password}@host"]);
        Assert.Equal(2, run.Code);
        Assert.StartsWith("Error: BrokerUrl (broker_url): ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_without_an_app_says_what_to_add()
    {
        var run = await CommandLineRun.Of(Host.CreateEmptyApplicationBuilder(null).Build(), "", ["status"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("AddCeleriac", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_several_apps_one_is_chosen()
    {
        var run = await CommandLineRun.Of(TwoApps(), "", ["status", "--app", "billing"]);
        Assert.Contains("Broker memory://billing answers.", run.Output, StringComparison.Ordinal);
        var unknown = await CommandLineRun.Of(TwoApps(), "", ["status", "-A", "biling"]);
        Assert.Equal(2, unknown.Code);
        Assert.Contains("no app 'biling'. Did you mean 'billing'?", unknown.Error, StringComparison.Ordinal);
        var none = await CommandLineRun.Of(TwoApps(), "", ["status"]);
        Assert.Equal(2, none.Code);
        Assert.Contains("several apps. Choose one with --app: mail, billing.", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_come_too_late_say_so()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddCeleriac(celeriac => celeriac.Broker("memory://early"));
        var host = builder.Build();
        Assert.NotNull(host.Services.GetRequiredService<TaskClient>());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => CommandLineRun.Of(host, "", ["status", "-b", "memory://late"]));
        Assert.Contains("Call RunCeleriacAsync first", error.Message, StringComparison.Ordinal);
    }

    private static IHost TwoApps()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddCeleriac("mail", celeriac => celeriac.Broker("memory://mail"));
        builder.Services.AddCeleriac("billing", celeriac => celeriac.Broker("memory://billing"));
        return builder.Build();
    }
}
