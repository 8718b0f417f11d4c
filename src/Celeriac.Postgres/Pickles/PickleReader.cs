using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Postgres.Pickles;

/// <summary>
/// Reads the few opcodes of Python's pickle that make values: none, booleans, numbers, texts, bytes, lists, tuples and dictionaries. Every opcode that
/// names a class or calls something is refused, so reading never runs anything. See CELERY-PROTOCOL section 13.3.
/// </summary>
internal ref struct PickleReader
{
    // A byte may become an object of a hundred: their number is bounded, not only the length.
    private const int MostSteps = 4_000_000;
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _pickle;
    private readonly List<object?> _stack = [];
    // Where on the stack the collections begin that are not ended yet.
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _next;

    private PickleReader(ReadOnlySpan<byte> pickle) => _pickle = pickle;

    /// <summary>
    /// The value: null, <see cref="bool"/>, <see cref="BigInteger"/>, <see cref="double"/>, <see cref="string"/>, <c>byte[]</c>, <see cref="List{T}"/> or
    /// <see cref="PickledDictionary"/>. A part may occur in it many times, and in itself: bound what walks it.
    /// </summary>
    /// <exception cref="ContentException">It is no pickle, is cut short, or holds more than plain values.</exception>
    public static object? Read(ReadOnlySpan<byte> pickle) => new PickleReader(pickle).Run();

    private object? Run()
    {
        for (var steps = 0; steps < MostSteps; steps++)
        {
            var opcode = Take(1)[0];
            if (opcode == (byte)'.')
            {
                return _stack.Count == 1 && _marks.Count == 0 && _next == _pickle.Length ? _stack[0] : throw Damaged("it ends with something left over");
            }
            if (!TryScalar(opcode) && !TryText(opcode) && !TryCollection(opcode) && !TryMemo(opcode))
            {
                throw new ContentException(
                    $"The pickle has the opcode 0x{opcode:x2} at byte {_next - 1}, which is not among those of plain values. Let the task return None, booleans, numbers, texts, bytes, lists, tuples and dictionaries only, or share results over redis:// in JSON.");
            }
        }
        throw new ContentException($"The pickle holds more than {MostSteps} values, which is not read. Let the task return a reference to its data.");
    }

    private bool TryScalar(byte opcode)
    {
        switch (opcode)
        {
            case 0x80 when Take(1)[0] is >= 2 and <= 5: return true;
            case 0x80: throw Damaged("its protocol is not one of 2 to 5");
            case 0x95: Take(8); return true;
            case (byte)'N': return Push(null);
            case 0x88: return Push(true);
            case 0x89: return Push(false);
            case (byte)'J': return Push((BigInteger)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
            case (byte)'K': return Push((BigInteger)Take(1)[0]);
            case (byte)'M': return Push((BigInteger)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case 0x8a: return Push(new BigInteger(Take(Take(1)[0])));
            case (byte)'G': return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            default: return false;
        }
    }

    private bool TryText(byte opcode)
    {
        switch (opcode)
        {
            case 0x8c: return Push(Text(Take(Take(1)[0])));
            case (byte)'X': return Push(Text(Take(Length4())));
            case 0x8d: return Push(Text(Take(Length8())));
            case (byte)'C': return Push(Take(Take(1)[0]).ToArray());
            case (byte)'B': return Push(Take(Length4()).ToArray());
            case 0x8e: return Push(Take(Length8()).ToArray());
            default: return false;
        }
    }

    private bool TryCollection(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'(': return Mark();
            case (byte)']' or (byte)')': return Push(new List<object?>());
            case (byte)'}': return Push(new PickledDictionary());
            case (byte)'t': return Push(PopToMark());
            case >= 0x85 and <= 0x87: return Push(PopLast(opcode - 0x84));
            case (byte)'a': return Append(PopLast(1));
            case (byte)'e': return Append(PopToMark());
            case (byte)'s': return SetItems(PopLast(2));
            case (byte)'u': return SetItems(PopToMark());
            default: return false;
        }
    }

    private bool TryMemo(byte opcode)
    {
        switch (opcode)
        {
            case 0x94: return Remember((uint)_memo.Count);
            case (byte)'q': return Remember(Take(1)[0]);
            case (byte)'r': return Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
            case (byte)'h': return Recall(Take(1)[0]);
            case (byte)'j': return Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
            default: return false;
        }
    }

    private readonly bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private readonly bool Mark()
    {
        _marks.Push(_stack.Count);
        return true;
    }

    /// <summary>Where the values begin that the opcode may take.</summary>
    private readonly int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private readonly object? Top() => _stack.Count > Floor ? _stack[^1] : throw Damaged("it takes a value where there is none");

    private readonly List<object?> PopLast(int count) =>
        _stack.Count - count >= Floor ? Cut(_stack.Count - count) : throw Damaged("it takes a value where there is none");

    private readonly List<object?> PopToMark() => _marks.TryPop(out var mark) ? Cut(mark) : throw Damaged("it ends a collection that it did not begin");

    private readonly List<object?> Cut(int from)
    {
        var values = _stack.GetRange(from, _stack.Count - from);
        _stack.RemoveRange(from, values.Count);
        return values;
    }

    private readonly bool Append(List<object?> values)
    {
        (Top() as List<object?> ?? throw Damaged("it appends to what is no list")).AddRange(values);
        return true;
    }

    private readonly bool SetItems(List<object?> values)
    {
        var dictionary = Top() as PickledDictionary ?? throw Damaged("it sets an item of what is no dictionary");
        for (var at = 0; at < values.Count; at += 2)
        {
            dictionary.Set(values[at], at + 1 < values.Count ? values[at + 1] : throw Damaged("a key has no value"));
        }
        return true;
    }

    private readonly bool Remember(uint place)
    {
        _memo[place] = Top();
        return true;
    }

    private readonly bool Recall(uint place) => Push(_memo.TryGetValue(place, out var value) ? value : throw Damaged("it recalls what it did not remember"));

    private int Length4() => Length(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));

    private int Length8() => Length(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));

    private readonly int Length(ulong length) => length <= (ulong)(_pickle.Length - _next) ? (int)length : throw Damaged("it is cut short");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _pickle.Length - _next)
        {
            throw Damaged("it is cut short");
        }
        _next += count;
        return _pickle.Slice(_next - count, count);
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new ContentException("The pickle holds a text that is not UTF-8, such as half of a surrogate pair. Let the task return whole characters.", error);
        }
    }

    private readonly ContentException Damaged(string how) => new($"The pickle cannot be read at byte {_next}: {how}. Let the task be run again, or forget its result.");
}
