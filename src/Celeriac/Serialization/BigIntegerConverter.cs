using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Celeriac.Serialization;

/// <summary>Whole numbers of any length, as JSON's digits. Python reads and writes at most 4,300 of them; more would cost the reader too much.</summary>
internal sealed class BigIntegerConverter : JsonConverter<BigInteger>
{
    private const int MostDigits = 4300;

    public override BigInteger Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            throw new JsonException("The value is not a whole number.");
        }
        var digits = reader.HasValueSequence ? throw new JsonException("The number is cut.") : reader.ValueSpan;
        if (digits.Length > MostDigits + 1)
        {
            throw new JsonException($"The number has more than {MostDigits} digits.");
        }
        return BigInteger.TryParse(Encoding.ASCII.GetString(digits), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new JsonException("The value is not a whole number.");
    }

    public override void Write(Utf8JsonWriter writer, BigInteger value, JsonSerializerOptions options)
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        if (digits.Length > MostDigits + (value.Sign < 0 ? 1 : 0))
        {
            throw new JsonException($"A number of {digits.Length} digits cannot be sent: Python reads at most {MostDigits}. Send it as text.");
        }
        writer.WriteRawValue(digits, skipInputValidation: true);
    }
}
