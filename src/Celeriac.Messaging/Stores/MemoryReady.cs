namespace Celeriac.Messaging.Stores;

/// <summary>
/// The ready messages of a queue in memory, best first: by priority, then by age. A new message is the youngest and goes to the end of its line;
/// only what comes back, or was delayed, is sorted in.
/// </summary>
internal sealed class MemoryReady
{
    private static readonly Comparer<MemoryItem> s_byAge = Comparer<MemoryItem>.Create(static (left, right) => left.Id.CompareTo(right.Id));
    private readonly SortedList<byte, Line> _lines = new(Comparer<byte>.Create(static (left, right) => right.CompareTo(left)));

    public int Count { get; private set; }

    public void Add(MemoryItem item)
    {
        if (!_lines.TryGetValue(item.Put.Priority, out var line))
        {
            _lines.Add(item.Put.Priority, line = new Line());
        }
        line.Add(item);
        Count++;
    }

    /// <summary>The best message, which stays; null where there is none.</summary>
    public MemoryItem? Peek()
    {
        for (var index = 0; Count > 0 && index < _lines.Count; index++)
        {
            if (_lines.GetValueAtIndex(index).Peek() is { } item)
            {
                return item;
            }
        }
        return null;
    }

    public void Remove(MemoryItem item)
    {
        if (item.Place != ReadyPlace.None)
        {
            _lines[item.Put.Priority].Remove(item);
            Count--;
        }
    }

    public void Clear()
    {
        _lines.Clear();
        Count = 0;
    }

    private sealed class Line
    {
        private readonly Queue<MemoryItem> _new = new();
        private readonly SortedSet<MemoryItem> _sorted = new(s_byAge);
        private long _youngest;

        public void Add(MemoryItem item)
        {
            if (item.Id > _youngest)
            {
                _youngest = item.Id;
                item.Place = ReadyPlace.New;
                _new.Enqueue(item);
            }
            else
            {
                item.Place = ReadyPlace.Sorted;
                _sorted.Add(item);
            }
        }

        public MemoryItem? Peek()
        {
            var first = _new.TryPeek(out var head) ? head : null;
            return _sorted.Count > 0 && _sorted.Min is { } back && (first is null || back.Id < first.Id) ? back : first;
        }

        public void Remove(MemoryItem item)
        {
            if (item.Place == ReadyPlace.Sorted)
            {
                _sorted.Remove(item);
            }
            item.Place = ReadyPlace.None;
            // What expires in the middle stays until it is the head.
            while (_new.TryPeek(out var head) && head.Place != ReadyPlace.New)
            {
                _new.Dequeue();
            }
        }
    }
}

/// <summary>Where a ready message stands.</summary>
internal enum ReadyPlace
{
    /// <summary>It is not ready.</summary>
    None,
    /// <summary>Where it was put.</summary>
    New,
    /// <summary>Among those that came back.</summary>
    Sorted,
}
