using System.Globalization;
using System.Text;

namespace Celeriac.Protocol;

/// <summary>Floating point numbers as Python's <c>repr</c> prints them: <c>1.0</c>, <c>1e+16</c>, <c>1e-05</c>, <c>nan</c>, <c>inf</c>.</summary>
internal static class PythonFloat
{
    // Python leaves the plain form where the decimal point would stand left of 0.0001 or right of the sixteenth digit.
    private const int SmallestPoint = -3;
    private const int LargestPoint = 16;

    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }
        // .NET finds the same shortest digits as Python and only lays them out differently.
        var roundTrip = value.ToString("R", CultureInfo.InvariantCulture);
        var text = new StringBuilder(24);
        if (double.IsNegative(value))
        {
            text.Append('-');
        }
        var digits = DigitsOf(roundTrip);
        var point = value == 0 ? 1 : PointOf(roundTrip);
        return point is < SmallestPoint or > LargestPoint ? Scientific(text, digits, point - 1) : Plain(text, digits, point);
    }

    private static string DigitsOf(string roundTrip)
    {
        var mantissa = roundTrip.AsSpan().TrimStart('-');
        var exponent = mantissa.IndexOf('E');
        var digits = (exponent < 0 ? mantissa : mantissa[..exponent]).ToString().Replace(".", "", StringComparison.Ordinal).Trim('0');
        return digits.Length == 0 ? "0" : digits;
    }

    /// <summary>How many digits stand before the decimal point; negative for zeros after it.</summary>
    private static int PointOf(string roundTrip)
    {
        var mantissa = roundTrip.AsSpan().TrimStart('-');
        var exponentAt = mantissa.IndexOf('E');
        var exponent = exponentAt < 0 ? 0 : int.Parse(mantissa[(exponentAt + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var plain = exponentAt < 0 ? mantissa : mantissa[..exponentAt];
        var dot = plain.IndexOf('.');
        var whole = dot < 0 ? plain : plain[..dot];
        if (whole is not "0")
        {
            return whole.Length + exponent;
        }
        var fraction = plain[(dot + 1)..];
        return fraction.TrimStart('0').Length - fraction.Length + exponent;
    }

    private static string Scientific(StringBuilder text, string digits, int exponent)
    {
        text.Append(digits[0]);
        if (digits.Length > 1)
        {
            text.Append('.').Append(digits, 1, digits.Length - 1);
        }
        return text.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)).ToString();
    }

    private static string Plain(StringBuilder text, string digits, int point)
    {
        if (point <= 0)
        {
            return text.Append("0.").Append('0', -point).Append(digits).ToString();
        }
        if (point >= digits.Length)
        {
            return text.Append(digits).Append('0', point - digits.Length).Append(".0").ToString();
        }
        return text.Append(digits, 0, point).Append('.').Append(digits, point, digits.Length - point).ToString();
    }
}
