using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Messaging.Tests.Brokers;

public sealed class ReconnectingTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private readonly ManualTime _time = new();
    private readonly FakeBroker _broker = new();
    private Func<Connected<FakeConnection>, CancellationToken, Task> _restore = (_, _) => Task.CompletedTask;
    private Reconnecting<FakeConnection> _connections;

    public ReconnectingTests() => _connections = Make("amqp://user:secret@one");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    [Fact]
    public async Task The_first_call_connects_and_later_ones_get_the_same_connection()
    {
        Assert.Equal(ConnectionState.Closed, _connections.Health.State);
        var connecting = _connections.ConnectAsync(default).AsTask();
        var attempt = await _broker.NextAsync();
        Assert.Equal(ConnectionState.Connecting, _connections.Health.State);
        var connection = attempt.Succeed();
        await connecting.WaitAsync(Patience);

        Assert.Equal(new Connected<FakeConnection>(connection, 1), await _connections.GetAsync(default));
        await _connections.ConnectAsync(default);
        Assert.True(_broker.IsQuiet);
        Assert.Equal((ConnectionState.Connected, null, 1L), (_connections.Health.State, _connections.Health.LastError, _connections.Generation));
    }

    [Fact]
    public async Task A_connection_that_is_lost_is_made_again_with_a_higher_generation()
    {
        var first = await ConnectAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        first.Lose(new IOException("reset by peer"));
        var second = await _broker.NextAsync();
        await first.Disposed;

        Assert.Equal((ConnectionState.Reconnecting, "reset by peer", _time.GetUtcNow()), (_connections.Health.State, _connections.Health.LastError, _connections.Health.Since));
        var waiting = _connections.GetAsync(default).AsTask();
        Assert.False(waiting.IsCompleted);
        var connection = second.Succeed();
        Assert.Equal(new Connected<FakeConnection>(connection, 2), await waiting.WaitAsync(Patience));
        Assert.Equal((ConnectionState.Connected, null), (_connections.Health.State, _connections.Health.LastError));
    }

    [Fact]
    public async Task After_a_connection_that_did_not_live_long_there_is_a_pause()
    {
        var first = await ConnectAsync();
        first.Lose();
        var pause = await _time.WaitForTimerAsync(LongestPause);

        Assert.True(_broker.IsQuiet);
        Assert.InRange(pause, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        (await _broker.NextAsync()).Succeed();
    }

    [Fact]
    public async Task The_pause_doubles_with_each_failed_round_up_to_the_longest_and_a_connection_resets_it()
    {
        var get = _connections.GetAsync(default).AsTask();
        foreach (var full in new[] { 200, 400, 800, 1600, 2000, 2000 })
        {
            (await _broker.NextAsync()).Fail();
            Assert.InRange((await _time.WaitForTimerAsync(LongestPause)).TotalMilliseconds, full / 2, full);
            _time.Advance(TimeSpan.FromMilliseconds(full));
        }
        (await _broker.NextAsync()).Succeed();
        var connected = await get.WaitAsync(Patience);
        _time.Advance(TimeSpan.FromMinutes(1));
        connected.Connection.Lose();
        (await _broker.NextAsync()).Fail();
        Assert.InRange((await _time.WaitForTimerAsync(LongestPause)).TotalMilliseconds, 100, 200);
    }

    [Fact]
    public async Task Connecting_tells_the_failure_of_its_round_and_the_loop_goes_on()
    {
        var connecting = _connections.ConnectAsync(default).AsTask();
        (await _broker.NextAsync()).Fail("connection refused");

        Assert.Equal("connection refused", (await Assert.ThrowsAsync<TransportException>(() => connecting)).Message);
        Assert.Equal((ConnectionState.Connecting, "connection refused"), (_connections.Health.State, _connections.Health.LastError));
        Assert.Contains("connection refused", _connections.NotConnected().Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _connections.NotConnected().Message, StringComparison.Ordinal);
        await _time.WaitForTimerAsync(LongestPause);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await _broker.NextAsync()).Succeed();
        await _connections.GetAsync(default).AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Connecting_during_a_pause_ends_the_pause()
    {
        var connecting = _connections.ConnectAsync(default).AsTask();
        (await _broker.NextAsync()).Fail();
        await Assert.ThrowsAsync<TransportException>(() => connecting);
        await _time.WaitForTimerAsync(LongestPause);

        var again = _connections.ConnectAsync(default).AsTask();
        (await _broker.NextAsync()).Succeed();
        await again.WaitAsync(Patience);
    }

    [Fact]
    public async Task Whoever_waits_for_a_connection_goes_on_waiting_over_failed_rounds()
    {
        var waiting = _connections.GetAsync(default).AsTask();
        (await _broker.NextAsync()).Fail();
        await _time.WaitForTimerAsync(LongestPause);
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await _broker.NextAsync()).Succeed();
        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_refusal_is_told_at_once_to_everybody_who_waits_and_tried_again_all_the_same()
    {
        var waiting = _connections.GetAsync(default).AsTask();
        (await _broker.NextAsync()).FailWith(new TransportRefusedException("wrong password"));

        Assert.Equal("wrong password", (await Assert.ThrowsAsync<TransportRefusedException>(() => waiting.WaitAsync(Patience))).Message);
        await _time.WaitForTimerAsync(LongestPause);
        var again = _connections.GetAsync(default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await _broker.NextAsync()).Succeed();
        await again.WaitAsync(Patience);
    }

    [Fact]
    public async Task Servers_are_tried_in_their_order_without_a_pause_between_them()
    {
        _connections = Make("amqp://one;amqp://two;amqp://three");
        var connecting = _connections.ConnectAsync(default).AsTask();
        var hosts = new List<string>();
        for (var server = 0; server < 2; server++)
        {
            var attempt = await _broker.NextAsync();
            hosts.Add(attempt.Server.Host);
            attempt.Fail();
        }
        var last = await _broker.NextAsync();
        var connection = last.Succeed();
        await connecting.WaitAsync(Patience);
        Assert.Equal(["one", "two", "three"], [.. hosts, last.Server.Host]);

        _time.Advance(TimeSpan.FromMinutes(1));
        connection.Lose();
        Assert.Equal("one", (await _broker.NextAsync()).Server.Host);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_its_time_is_given_up_and_named()
    {
        var connecting = _connections.ConnectAsync(default).AsTask();
        await _broker.NextAsync();
        await _time.WaitForTimerAsync(ConnectTimeout);
        _time.Advance(ConnectTimeout);

        var error = await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience));
        Assert.StartsWith("'amqp://user:***@one//' did not answer within 5 s.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_transport_does_not_end_the_loop()
    {
        var connecting = _connections.ConnectAsync(default).AsTask();
        (await _broker.NextAsync()).FailWith(new InvalidOperationException("a bug"));
        Assert.Contains("a bug", (await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience))).Message, StringComparison.Ordinal);

        await _time.WaitForTimerAsync(LongestPause);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await _broker.NextAsync()).Succeed();
        await _connections.GetAsync(default).AsTask().WaitAsync(Patience);
    }

    private async Task<FakeConnection> ConnectAsync()
    {
        var connecting = _connections.ConnectAsync(default).AsTask();
        var connection = (await _broker.NextAsync()).Succeed();
        await connecting.WaitAsync(Patience);
        return connection;
    }

    private Reconnecting<FakeConnection> Make(string url) => new(
        BrokerUrl.Parse(url), new ReconnectOptions { LongestDelay = LongestPause, ConnectTimeout = ConnectTimeout }, _broker.OpenAsync, (connected, token) => _restore(connected, token), _time, NullLogger.Instance);
}
