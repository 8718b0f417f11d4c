using System.Diagnostics.CodeAnalysis;

namespace Celeriac.Events;

/// <summary>Items by name, at most so many: the one that was changed longest ago goes first. Not safe from many threads.</summary>
internal sealed class RecentItems<TItem>(int most) where TItem : class
{
    private readonly Dictionary<string, LinkedListNode<(string Name, TItem Item)>> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Name, TItem Item)> _byTime = new();

    /// <summary>Newest first.</summary>
    public IEnumerable<TItem> Items => _byTime.Select(entry => entry.Item);

    public bool TryGet(string name, [NotNullWhen(true)] out TItem? item)
    {
        item = _byName.TryGetValue(name, out var node) ? node.Value.Item : null;
        return item is not null;
    }

    public void Set(string name, TItem item)
    {
        if (_byName.TryGetValue(name, out var node))
        {
            _byTime.Remove(node);
            node.Value = (name, item);
            _byTime.AddFirst(node);
            return;
        }
        _byName[name] = _byTime.AddFirst((name, item));
        if (_byName.Count > most)
        {
            _byName.Remove(_byTime.Last!.Value.Name);
            _byTime.RemoveLast();
        }
    }
}
