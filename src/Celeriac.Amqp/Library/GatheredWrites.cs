namespace Celeriac.Amqp.Library;

/// <summary>
/// What RabbitMQ.Client writes. It writes and flushes each message by itself, so each would be a system call; here those that stand in line already leave together. Nothing is held
/// back that nothing follows. One writes.
/// </summary>
/// <param name="inner">Where it goes.</param>
internal sealed class GatheredWrites(Stream inner)
{
    private readonly byte[] _gathered = new byte[32 * 1024];
    private int _length;

    /// <summary>How many messages the writer takes next without waiting; null where that is not known, and each leaves by itself.</summary>
    public Func<int>? InLine { get; set; }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (data.Length > _gathered.Length - _length)
        {
            return WriteLargeAsync(data, cancellationToken);
        }
        data.CopyTo(_gathered.AsMemory(_length));
        _length += data.Length;
        return ValueTask.CompletedTask;
    }

    public Task FlushAsync(CancellationToken cancellationToken) => _length == 0 || InLine?.Invoke() > 0 ? Task.CompletedTask : SendAsync(cancellationToken);

    private async ValueTask WriteLargeAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(false);
        if (data.Length <= _gathered.Length)
        {
            await WriteAsync(data, cancellationToken).ConfigureAwait(false);
            return;
        }
        await inner.WriteAsync(data, cancellationToken).ConfigureAwait(false);
        await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var length = _length;
        _length = 0;
        await inner.WriteAsync(_gathered.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
