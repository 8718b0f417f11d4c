using Celeriac.Tests.Filters;
using Celeriac.Working;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Working;

public sealed class RetryPolicyTests
{
    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 10)]
    [InlineData(3, 40)]
    [InlineData(20, 600)]
    [InlineData(5000, 600)]
    public void A_factor_doubles_with_every_retry_up_to_the_longest_delay(int retries, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryPolicy.Delay(new TaskOptions { RetryBackoffFactor = TimeSpan.FromSeconds(5), RetryJitter = false }, retries, Random.Shared));

    [Fact]
    public void With_jitter_a_delay_is_between_nothing_and_what_was_computed()
    {
        var options = new TaskOptions { RetryBackoffFactor = TimeSpan.FromSeconds(4), RetryDelay = TimeSpan.FromDays(1) };
        var delays = Enumerable.Range(0, 200).Select(_ => RetryPolicy.Delay(options, 1, Random.Shared).TotalSeconds).ToList();

        Assert.All(delays, delay => Assert.InRange(delay, 0, 8));
        Assert.True(delays.Max() - delays.Min() > 2);
    }

    [Theory]
    [InlineData(0, -1, true)]
    [InlineData(1_000_000, -1, true)]
    [InlineData(2, 3, true)]
    [InlineData(3, 3, false)]
    [InlineData(0, 0, false)]
    public void A_limit_of_minus_one_is_none(int retries, int most, bool allowed) => Assert.Equal(allowed, RetryPolicy.Allows(retries, most));

    [Fact]
    public void A_hint_may_be_inside_an_exception_and_is_never_negative()
    {
        Assert.Equal(TimeSpan.FromSeconds(7), RetryPolicy.Hint(new InvalidOperationException("outer", new Busy(7)), null));
        Assert.Equal(TimeSpan.Zero, RetryPolicy.Hint(new Busy(-7), null));
        Assert.Null(RetryPolicy.Hint(new IOException(), null));
        Assert.Null(RetryPolicy.Hint(null, null));
    }

    [Fact]
    public void A_function_knows_the_exceptions_of_others()
    {
        static TimeSpan? Known(Exception error) => error is HttpRequestException { StatusCode: System.Net.HttpStatusCode.TooManyRequests } ? TimeSpan.FromSeconds(9) : null;

        Assert.Equal(TimeSpan.FromSeconds(9), RetryPolicy.Hint(new HttpRequestException("slow down", null, System.Net.HttpStatusCode.TooManyRequests), Known));
        Assert.Null(RetryPolicy.Hint(new HttpRequestException("broken"), Known));
        Assert.Equal(TimeSpan.FromSeconds(1), RetryPolicy.Hint(new Busy(1), Known));
    }

    [Fact]
    public async Task A_retry_to_a_queue_that_may_not_be_created_is_a_failure_that_names_it()
    {
        await using var stage = new Stage(
            [Define("t", run => throw run.Context.Retry(new Busy(1), TimeSpan.Zero, queue: "elsewhere"))], shared: options => options.CreateMissingQueues = false);
        var error = await stage.FailAsync("t");
        Assert.Equal(nameof(QueueNotFoundException), error.RemoteType);
        Assert.Contains("'elsewhere'", error.RemoteMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_task_asks_for_wins_over_the_hint()
    {
        await using var stage = new Stage([Define("t", run => run.Context.Retries == 0 ? throw run.Context.Retry(new Busy(3600), TimeSpan.Zero) : ValueTask.FromResult(TaskInvocation.Result(7)))]);
        Assert.Equal(7, await stage.CallAsync("t"));
    }

    [Fact]
    public async Task A_function_that_throws_costs_no_retry()
    {
        var options = new TaskOptions { RetryOn = [typeof(IOException)], RetryDelay = TimeSpan.Zero };
        await using var stage = new Stage(
            [Define("t", run => run.Context.Retries == 0 ? throw new IOException("disk") : ValueTask.FromResult(TaskInvocation.Result(7)), options)],
            worker: worker => worker.RetryAfter = _ => throw new FormatException("no date"));

        Assert.Equal(7, await stage.CallAsync("t"));
        Assert.Single(stage.Log.Lines, line => line.Id == 2141);
    }

    [Fact]
    public async Task An_eta_in_the_past_runs_at_once()
    {
        await using var stage = new Stage([Define("t", run => run.Context.Retries == 0 ? throw run.Context.Retry(eta: DateTimeOffset.UnixEpoch) : ValueTask.FromResult(TaskInvocation.Result(7)))]);
        Assert.Equal(7, await stage.CallAsync("t"));
    }

    private sealed class Busy(double seconds) : Exception("busy"), IRetryAfter
    {
        public TimeSpan? RetryAfter => TimeSpan.FromSeconds(seconds);
    }
}
