using System.Collections;
using System.Text;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>Between <see cref="MessageHeaders"/> and the dictionaries that RabbitMQ.Client reads and, seldom, writes.</summary>
internal static class HeaderTable
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Headers that were received. What AMQP has and a <see cref="HeaderValue"/> has not takes the nearest kind; nothing makes a message unreadable.</summary>
    public static MessageHeaders FromLibrary(IDictionary<string, object?>? table)
    {
        if (table is null || table.Count == 0)
        {
            return MessageHeaders.Empty;
        }
        var items = new List<KeyValuePair<string, HeaderValue>>(table.Count);
        foreach (var (name, value) in table)
        {
            if (name.Length > 0)
            {
                items.Add(new(name, FromLibrary(value)));
            }
        }
        return MessageHeaders.FromChecked([.. items]);
    }

    /// <summary>Headers for the library to write by itself.</summary>
    public static Dictionary<string, object?> ToLibrary(MessageHeaders headers) =>
        headers.ToDictionary(header => header.Key, header => ToLibrary(header.Value), StringComparer.Ordinal);

    private static HeaderValue FromLibrary(object? value) => value switch
    {
        null => HeaderValue.Null,
        byte[] bytes => TextOrBytes(bytes),
        string text => text,
        bool flag => flag,
        int number => number,
        long number => number,
        short number => (long)number,
        ushort number => (long)number,
        byte number => (long)number,
        sbyte number => (long)number,
        uint number => (long)number,
        double number => number,
        float number => BitConverter.SingleToInt32Bits(number) switch
        {
            HeaderMender.EmptyList => HeaderValue.From(Array.Empty<HeaderValue>()),
            HeaderMender.EmptyMap => HeaderValue.From(MessageHeaders.Empty),
            _ => (double)number,
        },
        decimal number => (double)number,
        AmqpTimestamp time => time.UnixTime,
        BinaryTableValue binary => binary.Bytes,
        IDictionary<string, object?> map => HeaderValue.From(FromLibrary(map)),
        IList list => HeaderValue.From(ListOf(list)),
        _ => value.ToString(),
    };

    private static HeaderValue[] ListOf(IList list)
    {
        var values = new HeaderValue[list.Count];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = FromLibrary(list[index]);
        }
        return values;
    }

    /// <summary>AMQP's long string is text by custom; some clients put bytes there.</summary>
    private static HeaderValue TextOrBytes(byte[] bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return bytes;
        }
    }

    private static object? ToLibrary(HeaderValue value) => value.Kind switch
    {
        HeaderKind.Null => null,
        HeaderKind.Bool => value.AsBool(),
        HeaderKind.Long => value.AsLong() is var number and >= int.MinValue and <= int.MaxValue ? (object)(int)number : value.AsLong(),
        HeaderKind.Double => value.AsDouble(),
        HeaderKind.Text => value.AsText(),
        HeaderKind.Bytes => new BinaryTableValue(value.AsBytes()),
        HeaderKind.List => value.AsList().Select(ToLibrary).ToList(),
        HeaderKind.Map => ToLibrary(value.AsMap()),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.Kind, "Not a kind of header value."),
    };
}
