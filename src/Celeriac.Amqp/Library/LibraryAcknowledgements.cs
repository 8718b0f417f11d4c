using Celeriac.Amqp.Links;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>
/// The acknowledgements of a channel of RabbitMQ.Client. Those that come while others run leave together: each frame costs the library and the broker more than the task layer.
/// One that has nothing beside it leaves at once.
/// </summary>
#pragma warning disable CA1001 // The semaphore has no wait handle to release, and calls that a closed channel ends still leave it.
internal sealed class LibraryAcknowledgements(IChannel channel) : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Acknowledgements _gathered = new();
    private readonly List<(ulong Tag, bool UpTo)> _frames = [];
    private bool _isAsked;

    public void Delivered(ulong tag)
    {
        lock (_lock)
        {
            _gathered.Delivered(tag);
        }
    }

    /// <summary>Acknowledges. Where the channel closes before it has left the broker gives the message out again, as if it had never been called.</summary>
    public ValueTask AckAsync(ulong tag)
    {
        lock (_lock)
        {
            _gathered.Done(tag);
            if (_gathered.HasRunning)
            {
                if (!_isAsked)
                {
                    _isAsked = true;
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                }
                return ValueTask.CompletedTask;
            }
        }
        return new ValueTask(SendAsync());
    }

    /// <summary>Rejects. No acknowledgement of a later one covers it meanwhile.</summary>
    public async ValueTask RejectAsync(ulong tag, bool requeue)
    {
        await channel.BasicRejectAsync(tag, requeue, CancellationToken.None).ConfigureAwait(false);
        lock (_lock)
        {
            _gathered.Leave(tag);
        }
    }

    /// <summary>Returns when everything that was acknowledged before is on its way: what is sent next comes behind it.</summary>
    public async Task SendAsync()
    {
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            lock (_lock)
            {
                _isAsked = false;
                _gathered.Take(_frames, static (frames, tag, upTo) => frames.Add((tag, upTo)));
            }
            foreach (var (tag, upTo) in _frames)
            {
                await channel.BasicAckAsync(tag, upTo, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            // The channel is closed, and tells it by itself.
        }
        finally
        {
            _frames.Clear();
            _sending.Release();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAsync();
}
