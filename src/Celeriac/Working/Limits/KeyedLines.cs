namespace Celeriac.Working.Limits;

/// <summary>One line for each key that somebody uses at the moment: keys come and go with tenants, and must not stay for ever.</summary>
internal sealed class KeyedLines<T> where T : notnull
{
    private readonly Dictionary<string, (T Line, int Users)> _lines = new(StringComparer.Ordinal);

    /// <summary>The key's line; <see cref="Leave"/> it.</summary>
    public T Enter(string key, Func<T> make)
    {
        lock (_lines)
        {
            var (line, users) = _lines.TryGetValue(key, out var found) ? found : (make(), 0);
            _lines[key] = (line, users + 1);
            return line;
        }
    }

    public void Leave(string key)
    {
        lock (_lines)
        {
            var (line, users) = _lines[key];
            if (users > 1)
            {
                _lines[key] = (line, users - 1);
            }
            else
            {
                _lines.Remove(key);
            }
        }
    }
}
