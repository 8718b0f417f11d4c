using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Celeriac.Messaging.Serialization;

namespace Celeriac;

/// <summary>The words and numbers that YAML 1.1 sees in a plain scalar, with PyYAML's patterns: underscores, hexadecimal, octal, binary, and base 60.</summary>
internal static partial class YamlNumber
{
    // As many digits as Python turns into a number.
    private const int MostDigits = 4300;

    public static YamlKind Resolve(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return YamlKind.Null;
            case "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON":
                return YamlKind.True;
            case "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF":
                return YamlKind.False;
        }
        return !IsNumberStart(text[0]) ? YamlKind.Text
            : WholePattern().IsMatch(text) ? YamlKind.Whole
            : FloatPattern().IsMatch(text) ? YamlKind.Float
            : YamlKind.Text;
    }

    /// <summary>The digits of a whole number in base 10.</summary>
    public static string Whole(string text)
    {
        if (text.Length > MostDigits)
        {
            throw new ContentException($"The yaml body has a number of more than {MostDigits} digits. Let the sender send it as text.");
        }
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        var isNegative = digits[0] == '-';
        digits = digits.TrimStart('+', '-');
        var value = digits.StartsWith("0x", StringComparison.Ordinal) ? BigInteger.Parse($"0{digits.AsSpan(2)}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : digits.StartsWith("0b", StringComparison.Ordinal) ? InBase(digits[2..], 2)
            : digits.Contains(':', StringComparison.Ordinal) ? digits.Split(':').Aggregate(BigInteger.Zero, (sum, part) => (sum * 60) + Parse(part))
            : digits.Length > 1 && digits[0] == '0' ? InBase(digits, 8)
            : Parse(digits);
        return (isNegative ? -value : value).ToString(CultureInfo.InvariantCulture);
    }

    public static double Float(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        var sign = digits[0] == '-' ? -1.0 : 1.0;
        digits = digits.TrimStart('+', '-');
        return digits switch
        {
            ".inf" => sign * double.PositiveInfinity,
            ".nan" => double.NaN,
            _ => sign * digits.Split(':').Aggregate(0.0, (sum, part) => (sum * 60) + double.Parse(part, NumberStyles.Float, CultureInfo.InvariantCulture)),
        };
    }

    private static bool IsNumberStart(char first) => char.IsAsciiDigit(first) || first is '-' or '+' or '.';

    private static BigInteger Parse(string digits) => BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static BigInteger InBase(string digits, int radix) => digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum * radix) + (digit - '0'));

    [GeneratedRegex(@"\A[-+]?(?:0b[01_]*[01][01_]*|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*|[1-9][0-9_]*(?::[0-5]?[0-9])+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholePattern();

    [GeneratedRegex(@"\A(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z", RegexOptions.CultureInvariant)]
    private static partial Regex FloatPattern();
}
