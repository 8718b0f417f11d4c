using System.Diagnostics;
using System.IO.Pipelines;

namespace Celeriac.Stomp;

/// <summary>
/// What leaves a connection. Callers encode into a pipe under a short lock; one loop writes whatever has gathered, so an idle connection
/// sends at once and a busy one in large pieces. When the buffer is full callers wait in their order.
/// </summary>
internal sealed class FrameWriter(int bufferBytes, int maximumHeaderBytes, TimeProvider time)
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, resumeWriterThreshold: 0, minimumSegmentSize: 64 * 1024, useSynchronizationContext: false));
    private readonly Lock _gate = new();
    private readonly LinkedList<WaitingWrite> _waiting = [];
    private long _unwritten;
    private long _lastWritten = time.GetTimestamp();
    private Func<bool, StompConnectionException>? _closed;

    /// <summary>When bytes last began to leave, as a timestamp of the clock.</summary>
    public long LastWritten => Volatile.Read(ref _lastWritten);

    /// <summary>Hands frames over to be written one after the other, with nothing between them.</summary>
    /// <exception cref="StompRefusedException">One of them cannot be sent; none is.</exception>
    /// <exception cref="StompConnectionException">The connection ended before they were handed over.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up waiting for room; none of them is sent.</exception>
    public ValueTask WriteAsync(IReadOnlyList<StompFrame> frames, string? receipt, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var write = new FrameBatch(frames, receipt, maximumHeaderBytes);
        LinkedListNode<WaitingWrite> place;
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed(false);
            }
            if (_waiting.Count == 0 && _unwritten < bufferBytes)
            {
                Encode(write);
                Flush();
                return ValueTask.CompletedTask;
            }
            place = _waiting.AddLast(new WaitingWrite(write));
        }
        return new(WaitAsync(place, cancellationToken));
    }

    /// <summary>Sends an end of line.</summary>
    public void Beat()
    {
        lock (_gate)
        {
            if (_closed is null)
            {
                _pipe.Writer.GetSpan(1)[0] = (byte)'\n';
                _pipe.Writer.Advance(1);
                _unwritten++;
                Flush();
            }
        }
    }

    /// <summary>Writes to the stream until the writer is closed or the stream fails.</summary>
    public async Task RunAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var result = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                foreach (var piece in result.Buffer)
                {
                    Volatile.Write(ref _lastWritten, time.GetTimestamp());
                    await stream.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
                }
                var length = result.Buffer.Length;
                _pipe.Reader.AdvanceTo(result.Buffer.End);
                MakeRoom(length);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        finally
        {
            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes nothing more; callers that wait get the exception.</summary>
    /// <param name="reason">Makes the exception; its argument says whether the frames may have been sent.</param>
    public void Close(Func<bool, StompConnectionException> reason)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return;
            }
            _closed = reason;
            foreach (var write in _waiting)
            {
                write.Handed.TrySetResult(reason(false));
            }
            _waiting.Clear();
            _pipe.Writer.Complete();
        }
    }

    private async Task WaitAsync(LinkedListNode<WaitingWrite> place, CancellationToken cancellationToken)
    {
        try
        {
            if (await place.Value.Handed.Task.WaitAsync(cancellationToken).ConfigureAwait(false) is { } reason)
            {
                throw reason;
            }
        }
        catch (OperationCanceledException) when (!TryLeave(place))
        {
            // The frames were handed over in the same moment, so that is what the caller hears.
            if (await place.Value.Handed.Task.ConfigureAwait(false) is { } reason)
            {
                throw reason;
            }
        }
    }

    private bool TryLeave(LinkedListNode<WaitingWrite> place)
    {
        lock (_gate)
        {
            if (place.List is null)
            {
                return false;
            }
            _waiting.Remove(place);
            return true;
        }
    }

    private void MakeRoom(long written)
    {
        lock (_gate)
        {
            _unwritten -= written;
            var isEncoded = false;
            while (_closed is null && _unwritten < bufferBytes && _waiting.First is { } next)
            {
                _waiting.RemoveFirst();
                Encode(next.Value.Frames);
                next.Value.Handed.TrySetResult(null);
                isEncoded = true;
            }
            if (isEncoded)
            {
                Flush();
            }
        }
    }

    private void Encode(FrameBatch batch) => _unwritten += batch.WriteTo(_pipe.Writer);

    private void Flush() => Completed(_pipe.Writer.FlushAsync(CancellationToken.None));

    // The pipe itself has no limit, so its flush never waits and may stand inside the lock.
    private static void Completed(ValueTask<FlushResult> flush) => Debug.Assert(flush.IsCompletedSuccessfully, "A flush of a pipe without a limit has waited.");

    private sealed class WaitingWrite(FrameBatch frames)
    {
        public FrameBatch Frames { get; } = frames;

        public TaskCompletionSource<StompConnectionException?> Handed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
