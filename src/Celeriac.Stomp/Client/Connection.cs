using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Celeriac.Stomp;

/// <summary>A connection after its handshake: a loop that reads, a loop that writes, and one end for both.</summary>
internal sealed class Connection : IAsyncDisposable
{
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(2);
    private readonly StompClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly FrameParser _parser;
    private readonly FrameWriter _output;
    private readonly Heartbeats _heartbeats;
    private readonly ReceiptTable _receipts = new();
    private readonly ConcurrentDictionary<string, Action<StompFrame>> _handlers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _lifetime = new();
    private readonly TaskCompletionSource<Exception?> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private readonly Task _writing;
    private long _unclaimedMessages;
    private int _hasEnded;
    private StompErrorException? _lastError;
    private TaskCompletionSource<StompErrorException>? _stray;
    private volatile bool _isClosing;

    private Connection(StompClientOptions options, TimeProvider time, Stream stream, PipeReader input, FrameParser parser, StompFrame connected)
    {
        (_options, _time, _stream, _input, _parser, Connected) = (options, time, stream, input, parser, connected);
        var (serverSends, serverWants) = Heartbeats.Parse(connected.Headers.Find("heart-beat"));
        HeartbeatSend = Heartbeats.Agree(options.HeartbeatSend, serverWants);
        HeartbeatReceive = Heartbeats.Agree(options.HeartbeatReceive, serverSends);
        _output = new FrameWriter(options.WriteBufferBytes, options.MaximumSentHeaderBytes, time);
        _heartbeats = new Heartbeats(HeartbeatSend, HeartbeatReceive, time, _output, Silent);
        _writing = WriteAsync();
        _reading = ReadAsync();
        _heartbeats.Start();
    }

    public StompFrame Connected { get; }

    public TimeSpan HeartbeatSend { get; }

    public TimeSpan HeartbeatReceive { get; }

    public Task<Exception?> Lost => _lost.Task;

    public long UnclaimedMessages => Interlocked.Read(ref _unclaimedMessages);

    /// <summary>The server as it stands in error texts.</summary>
    public string Name => $"'{_options.Host}:{_options.Port}'";

    public static async Task<Connection> OpenAsync(StompClientOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var stream = await ServerConnection.OpenAsync(options, cancellationToken).ConfigureAwait(false);
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
        try
        {
            var parser = new FrameParser(options.MaximumFrameBytes, options.MaximumHeaderBytes, options.MaximumHeaders);
            var connected = await Handshake.RunAsync(stream, input, parser, options, cancellationToken).ConfigureAwait(false);
            return new(options, time, stream, input, parser, connected);
        }
        catch
        {
            await input.CompleteAsync().ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask WriteAsync(IReadOnlyList<StompFrame> frames, CancellationToken cancellationToken) => _output.WriteAsync(frames, null, cancellationToken);

    /// <param name="frames">The frames; the last asks for a receipt.</param>
    /// <param name="notSent">Called if nothing was sent.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RequestAsync(IReadOnlyList<StompFrame> frames, Action? notSent, CancellationToken cancellationToken)
    {
        Task<StompException?> answer;
        long id;
        try
        {
            (id, var receipt, answer) = _receipts.Add();
            await HandOverAsync(frames, id, receipt, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            notSent?.Invoke();
            throw;
        }
        try
        {
            if (await answer.WaitAsync(cancellationToken).ConfigureAwait(false) is { } error)
            {
                throw error;
            }
        }
        finally
        {
            _receipts.Remove(id);
        }
    }

    public void AddHandler(string subscription, Action<StompFrame> handler)
    {
        if (!_handlers.TryAdd(subscription, handler))
        {
            throw new InvalidOperationException($"There is a subscription '{subscription}' on the connection to {Name}. Choose another id, or unsubscribe the first.");
        }
    }

    public void RemoveHandler(string subscription) => _handlers.TryRemove(subscription, out _);

    public Task<StompErrorException> CatchError()
    {
        var stray = new TaskCompletionSource<StompErrorException>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _stray, stray);
        return stray.Task;
    }

    public void StopCatching() => Volatile.Write(ref _stray, null);

    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        if (!_lost.Task.IsCompleted)
        {
            using var patience = new CancellationTokenSource(FarewellTime, _time);
            try
            {
                await RequestAsync([StompFrames.Disconnect()], null, patience.Token).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is StompException or OperationCanceledException)
            {
                // The connection ends anyway, and what was not confirmed is told to those who asked for it.
            }
        }
        End(null);
        await Task.WhenAll(_reading, _writing).ConfigureAwait(false);
        _lifetime.Dispose();
    }

    private async Task HandOverAsync(IReadOnlyList<StompFrame> frames, long id, string receipt, CancellationToken cancellationToken)
    {
        try
        {
            await _output.WriteAsync(frames, receipt, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _receipts.Remove(id);
            throw;
        }
    }

    // Neither loop ever fails: whatever happens becomes the reason why the connection has ended.
    private async Task WriteAsync()
    {
        await Task.Yield();
        try
        {
            await _output.RunAsync(_stream, _lifetime.Token).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            End(Broken(fault));
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        try
        {
            await ReadFramesAsync().ConfigureAwait(false);
        }
        catch (StompException fault)
        {
            End(fault);
        }
        catch (Exception fault)
        {
            End(Broken(fault));
        }
        finally
        {
            await _input.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task ReadFramesAsync()
    {
        while (true)
        {
            _heartbeats.Reading();
            var result = await _input.ReadAsync(_lifetime.Token).ConfigureAwait(false);
            _heartbeats.Received();
            var buffer = result.Buffer;
            while (_parser.Read(ref buffer) is { } frame)
            {
                _lastError = null;
                Take(frame);
            }
            _input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                if (_lastError is not null)
                {
                    throw _lastError;
                }
                var place = _parser.IsInsideFrame ? " in the middle of a frame" : "";
                throw new StompConnectionException($"The server at {Name} closed the connection{place}. Its log may say why.", mayHaveBeenSent: true);
            }
        }
    }

    private void Take(StompFrame frame)
    {
        switch (frame.Command)
        {
            case Commands.Message:
                Deliver(frame);
                break;
            case Commands.Receipt:
                _receipts.Answer(frame.Headers.Find("receipt-id"), null);
                break;
            case Commands.Error:
                Fail(new StompErrorException(frame), frame.Headers.Find("receipt-id"));
                break;
            default:
                throw new StompProtocolException($"The server at {Name} sent a {frame.Command} frame. After CONNECTED a server sends MESSAGE, RECEIPT and ERROR only.");
        }
    }

    /// <summary>
    /// An ERROR ends the connection, says the specification, and it is the server that ends it. ActiveMQ does not where the ERROR answers a
    /// request: that request has failed, and the others go on. An ERROR that answers nothing leaves no more to rely on, except to who awaits one.
    /// </summary>
    private void Fail(StompErrorException error, string? receipt)
    {
        if (!_receipts.Answer(receipt, error) && (receipt is not null || Volatile.Read(ref _stray) is not { } stray || !stray.TrySetResult(error)))
        {
            throw error;
        }
        _lastError = error;
    }

    private void Deliver(StompFrame message)
    {
        var subscription = message.Headers.Find("subscription");
        var handler = subscription is not null && _handlers.TryGetValue(subscription, out var found) ? found : null;
        if (handler is null)
        {
            Interlocked.Increment(ref _unclaimedMessages);
            handler = _options.OnUnclaimedMessage;
        }
        try
        {
            handler?.Invoke(message);
        }
        catch (Exception fault)
        {
            throw new StompConnectionException(
                $"The connection to {Name} was ended because the handler of subscription '{subscription}' failed: {fault.Message} Its message was not taken; the server will deliver it again if it awaits an acknowledgement.", mayHaveBeenSent: true, fault);
        }
    }

    private void Silent(TimeSpan quiet) => End(new StompConnectionException(
        $"The server at {Name} has sent nothing for {quiet.TotalSeconds:0.#} seconds, although it agreed to send something every {HeartbeatReceive.TotalSeconds:0.#} seconds. The connection was given up; check the network and the server.", mayHaveBeenSent: true));

    private StompConnectionException Broken(Exception fault) =>
        new($"The connection to {Name} broke: {fault.Message.TrimEnd('.')}. The server's log may say why.", mayHaveBeenSent: true, fault);

    private void End(Exception? reason)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
        {
            return;
        }
        reason = _isClosing ? null : reason;
        _heartbeats.Dispose();
        _lifetime.Cancel();
        _stream.Dispose();
        _output.Close(MakeException);
        _receipts.Close(MakeException);
        _lost.TrySetResult(reason);

        StompConnectionException MakeException(bool mayHaveBeenSent)
        {
            var outcome = mayHaveBeenSent ? "The server has not confirmed the request, so it may have done it or not." : "Nothing of it was sent.";
            var cause = reason?.Message ?? $"The connection to {Name} was closed by this process.";
            return new($"{outcome} {cause}", mayHaveBeenSent, reason);
        }
    }
}
