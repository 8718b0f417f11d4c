using System.Threading.Channels;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Messaging.Tests.Brokers;

/// <summary>A connection that a test ends when it likes.</summary>
internal sealed class FakeConnection : IBrokerConnection
{
    private readonly TaskCompletionSource<Exception?> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Exception?> Lost => _lost.Task;

    public Task Disposed => _disposed.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>What closing does beyond being told; default nothing.</summary>
    public Func<Task> Closing { get; init; } = () => Task.CompletedTask;

    public void Lose(Exception? reason = null) => _lost.TrySetResult(reason);

    public async ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        await Closing();
    }
}

/// <summary>Attempts to connect, each answered by the test.</summary>
internal sealed class FakeBroker
{
    private readonly Channel<Attempt> _attempts = Channel.CreateUnbounded<Attempt>();

    public async Task<FakeConnection> OpenAsync(BrokerUrl server, CancellationToken cancellationToken)
    {
        var attempt = new Attempt(server, new TaskCompletionSource<FakeConnection>(TaskCreationOptions.RunContinuationsAsynchronously));
        _attempts.Writer.TryWrite(attempt);
        return await attempt.Answer.Task.WaitAsync(HearsItsToken ? cancellationToken : default);
    }

    /// <summary>False: an attempt goes on when its token is cancelled, as some client libraries' do.</summary>
    public bool HearsItsToken { get; set; } = true;

    public bool IsQuiet => _attempts.Reader.Count == 0;

    public async Task<Attempt> NextAsync() => await _attempts.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    internal sealed record Attempt(BrokerUrl Server, TaskCompletionSource<FakeConnection> Answer)
    {
        public FakeConnection Succeed(FakeConnection? connection = null)
        {
            connection ??= new FakeConnection();
            Answer.SetResult(connection);
            return connection;
        }

        public void Fail(string message = "nobody answers") => Answer.SetException(new TransportException(message));

        public void FailWith(Exception error) => Answer.SetException(error);
    }
}
