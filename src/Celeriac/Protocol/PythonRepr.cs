using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// Arguments as a Python literal, shortened: what Celery puts into <c>argsrepr</c> and <c>kwargsrepr</c> for humans and monitors.
/// At most about 1,024 characters and three levels deep, whatever the size of the JSON.
/// </summary>
internal static class PythonRepr
{
    public const int Budget = 1024;
    private const int MaximumLevels = 3;
    private const int LongestPlainNumber = 32;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = TaskJson.MaximumDepth + 2 };

    [ThreadStatic]
    private static StringBuilder? t_text;

    /// <summary>A JSON array as a tuple: <c>()</c>, <c>(2,)</c>, <c>(2, 'a')</c>.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static string OfArgs(ReadOnlySpan<byte> args) => args.SequenceEqual("[]"u8) ? "()" : Write(args, isTuple: true);

    /// <summary>A JSON object as a dictionary: <c>{'y': 3}</c>.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static string OfKwargs(ReadOnlySpan<byte> kwargs) => kwargs.SequenceEqual("{}"u8) ? "{}" : Write(kwargs, isTuple: false);

    /// <summary>Any JSON value, for example a result in an event.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static string OfValue(ReadOnlySpan<byte> value) => Write(value, isTuple: false);

    private static string Write(ReadOnlySpan<byte> json, bool isTuple)
    {
        var text = t_text ??= new StringBuilder(256);
        text.Clear();
        var reader = new Utf8JsonReader(json, s_options);
        new Printer(text, isTuple).Print(ref reader);
        return text.ToString();
    }

    [InlineArray(MaximumLevels)]
    private struct Closers
    {
        private char _outermost;
    }

    private ref struct Printer(StringBuilder text, bool isTuple)
    {
        private Closers _closers;
        private int _remaining = Budget;
        private int _level;
        private int _topCount;
        private bool _needsComma;

        public void Print(ref Utf8JsonReader reader)
        {
            while (reader.Read())
            {
                if (!PrintToken(ref reader))
                {
                    // Only the brackets that are open follow, so that the text stays a literal.
                    text.Append(", ...");
                    while (_level > 0)
                    {
                        text.Append(_closers[--_level]);
                    }
                    return;
                }
            }
        }

        /// <summary>False when the budget is used up.</summary>
        private bool PrintToken(ref Utf8JsonReader reader)
        {
            if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
            {
                return Close();
            }
            if (_needsComma && !Append(", "))
            {
                return false;
            }
            _topCount += _level == 1 ? 1 : 0;
            _needsComma = true;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    _needsComma = false;
                    return AppendQuoted(reader.ValueSpan) && Append(": ");
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    return Open(ref reader);
                case JsonTokenType.String:
                    return AppendQuoted(reader.ValueSpan);
                case JsonTokenType.Number:
                    return AppendNumber(reader.ValueSpan);
                default:
                    return Append(reader.TokenType == JsonTokenType.True ? "True" : reader.TokenType == JsonTokenType.False ? "False" : "None");
            }
        }

        private bool Open(ref Utf8JsonReader reader)
        {
            var isArray = reader.TokenType == JsonTokenType.StartArray;
            if (_level >= MaximumLevels)
            {
                reader.Skip();
                return Append(isArray ? "[...]" : "{...}");
            }
            var asTuple = isTuple && _level == 0;
            if (!Append(asTuple ? "(" : isArray ? "[" : "{"))
            {
                return false;
            }
            _closers[_level++] = asTuple ? ')' : isArray ? ']' : '}';
            _needsComma = false;
            return true;
        }

        private bool Close()
        {
            if (_remaining <= 0)
            {
                return false;
            }
            _needsComma = true;
            var closer = _closers[--_level];
            var isSingle = _level == 0 && isTuple && _topCount == 1;
            return Append(isSingle ? ",)" : closer == ')' ? ")" : closer == ']' ? "]" : "}");
        }

        private bool Append(scoped ReadOnlySpan<char> token)
        {
            if (_remaining <= 0)
            {
                return false;
            }
            text.Append(token);
            _remaining -= token.Length;
            return true;
        }

        private bool AppendNumber(ReadOnlySpan<byte> number)
        {
            if (number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0 && Utf8Parser.TryParse(number, out double value, out _))
            {
                return Append(PythonFloat.Repr(value));
            }
            if (number.Length < _remaining && number.Length <= LongestPlainNumber)
            {
                Span<char> digits = stackalloc char[LongestPlainNumber];
                return Append(digits[..Encoding.ASCII.GetChars(number, digits)]);
            }
            return number.Length < _remaining ? Append(Encoding.ASCII.GetString(number)) : Append(Encoding.ASCII.GetString(number[..Math.Max(0, _remaining)]) + "...");
        }

        /// <summary>As Celery does: only the quotation mark is escaped; a text that does not fit ends at its last blank within the budget.</summary>
        private bool AppendQuoted(ReadOnlySpan<byte> raw)
        {
            if (_remaining <= 0)
            {
                return false;
            }
            var start = text.Length;
            text.Append('\'');
            var cut = -1;
            var length = 0;
            while (!raw.IsEmpty && length < _remaining)
            {
                var rune = JsonText.Next(ref raw);
                cut = rune.Value == ' ' ? text.Length : cut;
                length += rune.Utf16SequenceLength;
                AppendEscaped(rune);
            }
            if (length >= _remaining)
            {
                text.Length = cut >= 0 ? cut : text.Length;
                text.Append("...");
            }
            text.Append('\'');
            _remaining -= text.Length - start;
            return true;
        }

        private readonly void AppendEscaped(Rune rune)
        {
            // Python leaves control characters as they are; in a header or a log line they would do harm.
            var escaped = rune.Value switch
            {
                '\'' => "\\'",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < 0x20 or 0x7f => $"\\x{rune.Value:x2}",
                _ => null,
            };
            if (escaped is not null)
            {
                text.Append(escaped);
                return;
            }
            Span<char> units = stackalloc char[2];
            text.Append(units[..rune.EncodeToUtf16(units)]);
        }
    }
}
