namespace Celeriac.Amqp.Links;

/// <summary>
/// The acknowledgements of a channel that have not left yet. What is done without a gap from the oldest delivery on leaves as one frame; a frame for many never covers one that still runs.
/// Guarded by its owner's lock.
/// </summary>
internal sealed class Acknowledgements
{
    // Tags rise, and no more are here than the prefetch.
    private readonly List<ulong> _running = [];
    private readonly List<ulong> _done = [];

    /// <summary>True while none waits to leave.</summary>
    public bool IsEmpty => _done.Count == 0;

    /// <summary>True while a delivery runs.</summary>
    public bool HasRunning => _running.Count > 0;

    public void Delivered(ulong tag) => _running.Add(tag);

    public void Done(ulong tag)
    {
        Leave(tag);
        _done.Add(tag);
    }

    /// <summary>It ends in another way.</summary>
    public void Leave(ulong tag)
    {
        if (_running.BinarySearch(tag) is var place && place >= 0)
        {
            _running.RemoveAt(place);
        }
    }

    /// <summary>Hands out the frames to be written, each a tag that stands for itself or for all up to it, and forgets them.</summary>
    public void Take<TState>(TState state, Action<TState, ulong, bool> write)
    {
        _done.Sort();
        var oldest = _running.Count > 0 ? _running[0] : ulong.MaxValue;
        var together = _done.FindLastIndex(tag => tag < oldest) + 1;
        if (together > 0)
        {
            write(state, _done[together - 1], together > 1);
        }
        for (var index = together; index < _done.Count; index++)
        {
            write(state, _done[index], false);
        }
        _done.Clear();
    }
}
