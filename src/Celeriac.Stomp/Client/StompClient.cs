namespace Celeriac.Stomp;

/// <summary>
/// One connection to a STOMP 1.2 server. Safe from any thread. It does not connect again by itself: <see cref="Lost"/> says when it has
/// ended, and a new one is made with <see cref="ConnectAsync"/>.
/// </summary>
public sealed class StompClient : IAsyncDisposable
{
    private readonly Connection _connection;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isDisposing;

    private StompClient(Connection connection) => _connection = connection;

    /// <summary>What the server calls itself, such as <c>ActiveMQ/5.17.2</c>; null if it does not say.</summary>
    public string? Server => _connection.Connected.Headers.Find("server");

    /// <summary>The server's name for this connection; null if it has none.</summary>
    public string? Session => _connection.Connected.Headers.Find("session");

    /// <summary>The agreed time within which this client sends something; zero if there is no rule.</summary>
    public TimeSpan HeartbeatSend => _connection.HeartbeatSend;

    /// <summary>The agreed time within which the server sends something; zero if there is no rule. After three times this time of silence the connection is given up.</summary>
    public TimeSpan HeartbeatReceive => _connection.HeartbeatReceive;

    /// <summary>
    /// Ends when the connection has ended, with the reason, and never fails. The reason is null after an orderly <see cref="DisposeAsync"/>,
    /// a <see cref="StompErrorException"/> after an ERROR frame, a <see cref="StompProtocolException"/> if the server sent what STOMP does
    /// not allow, and otherwise a <see cref="StompConnectionException"/>.
    /// </summary>
    public Task<Exception?> Lost => _connection.Lost;

    /// <summary>How many MESSAGE frames came for a subscription that has no handler.</summary>
    public long UnclaimedMessages => _connection.UnclaimedMessages;

    /// <summary>Connects and introduces itself. There is no time limit but the caller's token.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock for heart-beats; null for the system's.</param>
    /// <param name="cancellationToken">Gives the attempt up.</param>
    /// <exception cref="StompConnectionException">The server could not be reached, or it ended the connection.</exception>
    /// <exception cref="StompErrorException">The server refused the client, such as for a wrong password.</exception>
    /// <exception cref="StompProtocolException">The server does not speak STOMP 1.2.</exception>
    /// <exception cref="StompRefusedException">An option cannot be sent as a header.</exception>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static async Task<StompClient> ConnectAsync(StompClientOptions options, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new(await Connection.OpenAsync(options, time ?? TimeProvider.System, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Hands a frame to the writer. Waits only while <see cref="StompClientOptions.WriteBufferBytes"/> are waiting to be written.</summary>
    /// <param name="frame">The frame; its body must not change until it is written, which a receipt tells.</param>
    /// <param name="cancellationToken">Gives up waiting for room; the frame is then not sent.</param>
    /// <exception cref="StompRefusedException">The frame cannot be sent; the connection goes on.</exception>
    /// <exception cref="StompConnectionException">The connection has ended; the frame was not sent.</exception>
    public ValueTask WriteAsync(StompFrame frame, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return WriteAsync([frame], cancellationToken);
    }

    /// <summary>Hands frames to the writer, which sends them one after the other with nothing of other callers between them.</summary>
    /// <param name="frames">At least one frame.</param>
    /// <param name="cancellationToken">Gives up waiting for room; none of the frames is then sent.</param>
    /// <exception cref="StompRefusedException">One of the frames cannot be sent, so none is; the connection goes on.</exception>
    /// <exception cref="StompConnectionException">The connection has ended; none of the frames was sent.</exception>
    public async ValueTask WriteAsync(IReadOnlyList<StompFrame> frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ThrowIfDisposing();
        await _connection.WriteAsync(frames, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a frame with a <c>receipt</c> header and waits until the server has confirmed it.</summary>
    /// <inheritdoc cref="RequestAsync(IReadOnlyList{StompFrame}, CancellationToken)"/>
    public Task RequestAsync(StompFrame frame, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return RequestAsync([frame], cancellationToken);
    }

    /// <summary>
    /// Sends frames one after the other, the last with a <c>receipt</c> header, and waits until the server has confirmed it. Any number of
    /// requests may be under way.
    /// </summary>
    /// <param name="frames">At least one frame.</param>
    /// <param name="cancellationToken">Ends the wait only: what was sent stays sent.</param>
    /// <exception cref="StompRefusedException">One of the frames cannot be sent, so none is; the connection goes on.</exception>
    /// <exception cref="StompErrorException">The server answered this request with an ERROR frame. By the specification it then ends the connection; ActiveMQ lets it go on.</exception>
    /// <exception cref="StompConnectionException">The connection ended first; <see cref="StompConnectionException.MayHaveBeenSent"/> says whether the outcome is unknown.</exception>
    public async Task RequestAsync(IReadOnlyList<StompFrame> frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ThrowIfDisposing();
        await _connection.RequestAsync(frames, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Subscribes to a destination and waits until the server has confirmed it. Messages may come before that.</summary>
    /// <param name="subscription">What and how.</param>
    /// <param name="onMessage">
    /// Called with each MESSAGE frame, one after the other, on the connection's reader: it must not block, because nothing else is read
    /// meanwhile. If it throws, the connection ends and <see cref="Lost"/> says why: a message nobody has taken must go back to the server.
    /// </param>
    /// <param name="cancellationToken">Ends the wait only. The subscription may then exist, so its handler stays until <see cref="UnsubscribeAsync"/>.</param>
    /// <exception cref="InvalidOperationException">There is a subscription of this id on the connection.</exception>
    /// <exception cref="StompErrorException">The server refused it; most servers then end the connection.</exception>
    /// <exception cref="StompConnectionException">The connection ended first.</exception>
    /// <exception cref="StompRefusedException">An option cannot be sent as a header.</exception>
    public async Task SubscribeAsync(StompSubscriptionOptions subscription, Action<StompFrame> onMessage, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(onMessage);
        ThrowIfDisposing();
        var frame = StompFrames.Subscribe(subscription);
        _connection.AddHandler(subscription.Id, onMessage);
        await _connection.RequestAsync([frame], () => _connection.RemoveHandler(subscription.Id), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends a subscription and waits until the server has confirmed it. Its handler may be called until then, and not after.</summary>
    /// <param name="id">The id that it was made with.</param>
    /// <param name="headers">More headers for the server. Default: none.</param>
    /// <param name="cancellationToken">Ends the wait only. The handler is then removed at once.</param>
    /// <exception cref="StompErrorException">The server answered with an ERROR frame; most servers then end the connection.</exception>
    /// <exception cref="StompConnectionException">The connection ended first.</exception>
    public async Task UnsubscribeAsync(string id, StompHeaders? headers = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        ThrowIfDisposing();
        try
        {
            await _connection.RequestAsync([StompFrames.Unsubscribe(id, headers)], null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _connection.RemoveHandler(id);
        }
    }

    /// <summary>
    /// From now on, and until <see cref="StopCatching"/>, the first ERROR that answers no request does not end the connection but this task: for frames
    /// without receipts on a server that goes on after an ERROR. It has ended before a request does that was sent after the frame in question.
    /// One caller at a time.
    /// </summary>
    internal Task<StompErrorException> CatchError() => _connection.CatchError();

    /// <summary>Ends what <see cref="CatchError"/> began.</summary>
    internal void StopCatching() => _connection.StopCatching();

    /// <summary>
    /// Takes leave of the server, which thereby confirms everything sent before, and ends the connection; after 2 seconds without an answer
    /// it ends the connection anyway. Requests that are still unanswered fail with <see cref="StompConnectionException"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposing, 1) != 0)
        {
            await _disposed.Task.ConfigureAwait(false);
            return;
        }
        try
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _disposed.TrySetResult();
        }
    }

    private void ThrowIfDisposing()
    {
        if (Volatile.Read(ref _isDisposing) != 0)
        {
            throw new StompConnectionException($"The connection to {_connection.Name} was closed by this process. Make a new one.", mayHaveBeenSent: false);
        }
    }
}
