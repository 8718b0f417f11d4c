using Celeriac.Messaging;

namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Browsing a queue of ActiveMQ: a subscription that shows messages without taking them, and says when it is through. Its end is also the only
/// certain sign that consumers which were there before have been offered what is ready.
/// </summary>
internal static class Browsing
{
    /// <summary>A selector that shows nothing, for the sign alone.</summary>
    internal const string Nothing = "1=0";

    private const int MostLooks = 6;

    // The sign comes at once. Where it does not, the broker has lost it; the look is begun anew, because whoever looks may hold up others, as the one who changes the register does.
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(5);

    /// <summary>The messages of a queue, handed out ones included, up to the broker's <c>maxBrowsePageSize</c> (400).</summary>
    /// <exception cref="TransportException">The broker does not say that it is through, however often it is asked.</exception>
    internal static async Task<IReadOnlyList<StompFrame>> BrowseAsync(
        this StompClient client, string id, string destination, string? selector, CancellationToken cancellationToken)
    {
        for (var look = 1; look <= MostLooks; look++)
        {
            var messages = new List<StompFrame>();
            if (await TryBrowseAsync(client, $"{id}.{look}", destination, selector, messages.Add, cancellationToken).ConfigureAwait(false))
            {
                return messages;
            }
        }
        throw new TransportException(
            $"The broker has not shown what is in '{destination}' within {MostLooks * s_silence.TotalSeconds} s, though it was asked {MostLooks} times. Try again; if it stays so, look into the broker's log.");
    }

    /// <summary>How many messages a queue shows, without keeping them.</summary>
    /// <exception cref="TransportException">The broker does not say that it is through, however often it is asked.</exception>
    internal static async Task<long> CountAsync(this StompClient client, string id, string destination, CancellationToken cancellationToken)
    {
        for (var look = 1; look <= MostLooks; look++)
        {
            var seen = 0L;
            if (await TryBrowseAsync(client, $"{id}.{look}", destination, null, _ => seen++, cancellationToken).ConfigureAwait(false))
            {
                return seen;
            }
        }
        throw new TransportException(
            $"The broker has not counted what is in '{destination}' within {MostLooks * s_silence.TotalSeconds} s, though it was asked {MostLooks} times. Try again; if it stays so, look into the broker's log.");
    }

    /// <summary>Shows the messages of a queue to <paramref name="look"/>, which runs on the connection's reader. False where the broker falls silent before it is through.</summary>
    private static async Task<bool> TryBrowseAsync(
        StompClient client, string id, string destination, string? selector, Action<StompFrame> look, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = 0L;
        StompHeaders headers = selector is null ? [new("browser", "true")] : [new("browser", "true"), new("selector", selector)];
        return await client.WhileSubscribedAsync(
            new StompSubscriptionOptions { Id = id, Destination = destination, Headers = headers },
            frame =>
            {
                if (frame.Headers.Find("browser") == "end")
                {
                    end.TrySetResult();
                    return;
                }
                Interlocked.Increment(ref seen);
                look(frame);
            },
            async () =>
            {
                var ended = Task.WhenAny(end.Task, client.Lost);
                for (var before = -1L; !ended.IsCompleted && before != Interlocked.Read(ref seen);)
                {
                    before = Interlocked.Read(ref seen);
                    await ((Task)ended).WaitAsync(s_silence, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    cancellationToken.ThrowIfCancellationRequested();
                }
                if (client.Lost.IsCompleted && !end.Task.IsCompleted)
                {
                    throw new StompConnectionException("The connection was lost while a queue was looked into.", mayHaveBeenSent: true, await client.Lost.ConfigureAwait(false));
                }
                return end.Task.IsCompleted;
            },
            cancellationToken).ConfigureAwait(false);
    }
}
