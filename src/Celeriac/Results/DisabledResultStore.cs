using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Results;

/// <summary>No results (<c>disabled://</c>): every wait fails at once and says why.</summary>
internal sealed class DisabledResultStore : IResultStore
{
    public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.FromResult<string?>(null);

    public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => throw Disabled(taskId);

    public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => throw Disabled(taskId);

    public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => new(null, null);

    public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static InvalidOperationException Disabled(string taskId) =>
        new($"The result of task '{taskId}' is not kept: result_backend is 'disabled://'. Set it to a store, for example sqlite://results.db, or to rpc://.");
}
