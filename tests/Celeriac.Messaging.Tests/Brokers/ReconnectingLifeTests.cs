using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Messaging.Tests.Brokers;

/// <summary>Restoring, closing and disposing.</summary>
public sealed class ReconnectingLifeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ManualTime _time = new();
    private readonly FakeBroker _broker = new();
    private readonly TaskCompletionSource _restoring = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Reconnecting<FakeConnection> _connections;
    private Func<Connected<FakeConnection>, CancellationToken, Task> _restore = (_, _) => Task.CompletedTask;

    public ReconnectingLifeTests() => _connections = new Reconnecting<FakeConnection>(
        BrokerUrl.Parse("amqp://one"), new ReconnectOptions(), _broker.OpenAsync, (connected, token) => _restore(connected, token), _time, NullLogger.Instance);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    [Fact]
    public async Task Nobody_gets_a_connection_before_it_is_restored()
    {
        var restored = new TaskCompletionSource();
        _restore = RestoreUntil(restored.Task);
        var waiting = _connections.GetAsync(default).AsTask();
        var connection = (await _broker.NextAsync()).Succeed();
        await _restoring.Task.WaitAsync(Patience);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(ConnectionState.Connecting, _connections.Health.State);

        restored.SetResult();

        Assert.Same(connection, (await waiting.WaitAsync(Patience)).Connection);
    }

    [Fact]
    public async Task A_connection_on_which_restoring_fails_is_closed_and_counts_as_a_failed_round()
    {
        _restore = (_, _) => throw new TransportException("queue 'orders' is gone");
        var connecting = _connections.ConnectAsync(default).AsTask();
        var connection = (await _broker.NextAsync()).Succeed();

        Assert.Equal("queue 'orders' is gone", (await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience))).Message);
        await connection.Disposed;
    }

    [Fact]
    public async Task A_connection_that_is_lost_while_it_is_restored_ends_the_restoring_and_says_why()
    {
        _restore = RestoreUntil(Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken));
        var connecting = _connections.ConnectAsync(default).AsTask();
        var connection = (await _broker.NextAsync()).Succeed();
        await _restoring.Task.WaitAsync(Patience);
        connection.Lose(new IOException("reset by peer"));

        var error = await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience));
        Assert.Contains("reset by peer", error.Message, StringComparison.Ordinal);
        await connection.Disposed;
    }

    [Fact]
    public async Task Restoring_that_never_ends_is_given_up_and_the_loop_goes_on()
    {
        // Not even the token is heard.
        _restore = (_, _) =>
        {
            _restoring.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
        };
        var connecting = _connections.ConnectAsync(default).AsTask();
        var connection = (await _broker.NextAsync()).Succeed();
        await _restoring.Task.WaitAsync(Patience);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(60));
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains("did not restore queues and consumers within 60 s", (await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience))).Message, StringComparison.Ordinal);
        await connection.Disposed;

        _restore = (_, _) => Task.CompletedTask;
        await PassThePauseAsync();
        (await _broker.NextAsync()).Succeed();
        await _connections.GetAsync(default).AsTask().WaitAsync(Patience);
        Assert.Equal(ConnectionState.Connected, _connections.Health.State);
    }

    [Fact]
    public async Task Restoring_that_took_too_long_gets_twice_the_time_on_the_next_connection()
    {
        var restoring = System.Threading.Channels.Channel.CreateUnbounded<bool>();
        _restore = (_, token) =>
        {
            restoring.Writer.TryWrite(true);
            return Task.Delay(Timeout.InfiniteTimeSpan, token);
        };
        var limits = new List<TimeSpan>();
        for (var round = 0; round < 3; round++)
        {
            var connecting = _connections.ConnectAsync(default).AsTask();
            (await _broker.NextAsync()).Succeed();
            await restoring.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
            var limit = await _time.WaitForTimerAsync(TimeSpan.FromMinutes(10));
            limits.Add(limit);
            _time.Advance(limit);
            await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience));
            await PassThePauseAsync();
        }
        Assert.Equal([60, 120, 240], limits.Select(limit => limit.TotalSeconds));
    }

    [Fact]
    public async Task A_connection_that_fails_to_close_does_not_keep_the_next_one_from_being_made()
    {
        var connection = await ConnectAsync(new FakeConnection { Closing = () => throw new InvalidOperationException("a bug") });
        _time.Advance(TimeSpan.FromMinutes(1));
        connection.Lose();

        (await _broker.NextAsync()).Succeed();
        Assert.Equal(2, (await _connections.GetAsync(default).AsTask().WaitAsync(Patience)).Generation);
    }

    [Fact]
    public async Task A_connection_that_does_not_close_is_left_behind_after_the_connect_timeout()
    {
        var connection = await ConnectAsync(new FakeConnection { Closing = () => Task.Delay(Timeout.InfiniteTimeSpan) });
        _time.Advance(TimeSpan.FromMinutes(1));
        connection.Lose();
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Assert.True(_broker.IsQuiet);
        _time.Advance(TimeSpan.FromSeconds(5));

        (await _broker.NextAsync()).Succeed();
    }

    [Fact]
    public async Task Disposing_closes_the_connection_and_refuses_later_calls()
    {
        var connection = await ConnectAsync(new FakeConnection());
        await _connections.DisposeAsync().AsTask().WaitAsync(Patience);

        await connection.Disposed;
        Assert.Equal(ConnectionState.Closed, _connections.Health.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _connections.GetAsync(default).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _connections.ConnectAsync(default).AsTask());
        await _connections.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_before_the_first_call_does_nothing_else()
    {
        await _connections.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _connections.GetAsync(default).AsTask());
        Assert.True(_broker.IsQuiet);
    }

    [Fact]
    public async Task Disposing_while_it_connects_ends_every_wait()
    {
        var (connecting, getting) = (_connections.ConnectAsync(default).AsTask(), _connections.GetAsync(default).AsTask());
        await _broker.NextAsync();
        await _connections.DisposeAsync().AsTask().WaitAsync(Patience);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => connecting.WaitAsync(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => getting.WaitAsync(Patience));
    }

    [Fact]
    public async Task Disposing_while_it_restores_closes_the_new_connection()
    {
        _restore = RestoreUntil(Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken));
        var getting = _connections.GetAsync(default).AsTask();
        var connection = (await _broker.NextAsync()).Succeed();
        await _restoring.Task.WaitAsync(Patience);
        await _connections.DisposeAsync().AsTask().WaitAsync(Patience);

        await connection.Disposed;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => getting.WaitAsync(Patience));
    }

    [Fact]
    public async Task Disposing_during_a_pause_does_not_wait_for_its_end()
    {
        var getting = _connections.GetAsync(default).AsTask();
        (await _broker.NextAsync()).Fail();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(200));
        await _connections.DisposeAsync().AsTask().WaitAsync(Patience);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => getting.WaitAsync(Patience));
    }

    [Fact]
    public async Task An_attempt_that_does_not_hear_its_token_is_not_waited_for_and_what_it_brings_is_closed()
    {
        _broker.HearsItsToken = false;
        var connecting = _connections.ConnectAsync(default).AsTask();
        var attempt = await _broker.NextAsync();
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<TransportException>(() => connecting.WaitAsync(Patience));
        await _connections.DisposeAsync().AsTask().WaitAsync(Patience);

        await attempt.Succeed().Disposed;
    }

    [Fact]
    public async Task A_caller_s_token_ends_its_own_wait_and_nothing_else()
    {
        using var cancelled = new CancellationTokenSource();
        var (impatient, patient) = (_connections.GetAsync(cancelled.Token).AsTask(), _connections.GetAsync(default).AsTask());
        var connecting = _connections.ConnectAsync(cancelled.Token).AsTask();
        var attempt = await _broker.NextAsync();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);

        attempt.Succeed();
        await patient.WaitAsync(Patience);
    }

    private async Task PassThePauseAsync()
    {
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
    }

    private Func<Connected<FakeConnection>, CancellationToken, Task> RestoreUntil(Task end) => (_, token) =>
    {
        _restoring.TrySetResult();
        return end.WaitAsync(token);
    };

    private async Task<FakeConnection> ConnectAsync(FakeConnection connection)
    {
        var connecting = _connections.ConnectAsync(default).AsTask();
        (await _broker.NextAsync()).Succeed(connection);
        await connecting.WaitAsync(Patience);
        return connection;
    }
}
