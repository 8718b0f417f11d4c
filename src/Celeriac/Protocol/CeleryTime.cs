using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Celeriac.Protocol;

/// <summary>Times as Celery writes and reads them: ISO 8601.</summary>
internal static class CeleryTime
{
    private const int LongestText = 64;

    /// <summary>UTC with exactly six fraction digits: Celery 5.2 refuses the seven that .NET's round-trip format writes.</summary>
    public static string Write(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);

    /// <summary>Reads a date, or a date and time, with any number of fraction digits and <c>Z</c>, an offset, or none (UTC). The result is in UTC.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is null || text.Length is < 10 or > LongestText || !TryReadDate(text, out var date))
        {
            return false;
        }
        var rest = text.AsSpan(10);
        var offset = 0L;
        if (!rest.IsEmpty)
        {
            if (rest[0] is not ('T' or 't' or ' '))
            {
                return false;
            }
            rest = rest[1..];
            if (!TryReadTimeOfDay(ref rest, out var ticksOfDay) || !TryReadOffset(rest, out offset))
            {
                return false;
            }
            date = date.AddTicks(ticksOfDay);
        }
        var utc = date.Ticks - offset;
        if (utc < DateTime.MinValue.Ticks || utc > DateTime.MaxValue.Ticks)
        {
            return false;
        }
        time = new DateTimeOffset(utc, TimeSpan.Zero);
        return true;
    }

    private static bool TryReadDate(ReadOnlySpan<char> text, out DateTime date)
    {
        date = default;
        if (text[4] != '-' || text[7] != '-' ||
            !TryReadDigits(text[..4], out var year) || !TryReadDigits(text[5..7], out var month) || !TryReadDigits(text[8..10], out var day) ||
            year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }
        date = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        return true;
    }

    private static bool TryReadTimeOfDay(ref ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < 5 || text[2] != ':' || !TryReadDigits(text[..2], out var hour) || !TryReadDigits(text[3..5], out var minute) || hour > 23 || minute > 59)
        {
            return false;
        }
        ticks = hour * TimeSpan.TicksPerHour + minute * TimeSpan.TicksPerMinute;
        text = text[5..];
        if (text.IsEmpty || text[0] != ':')
        {
            return true;
        }
        if (text.Length < 3 || !TryReadDigits(text[1..3], out var second) || second > 59)
        {
            return false;
        }
        ticks += second * TimeSpan.TicksPerSecond;
        text = text[3..];
        return text.IsEmpty || text[0] is not ('.' or ',') || TryReadFraction(ref text, ref ticks);
    }

    private static bool TryReadFraction(ref ReadOnlySpan<char> text, ref long ticks)
    {
        var count = 0;
        var unit = TimeSpan.TicksPerSecond;
        for (text = text[1..]; !text.IsEmpty && char.IsAsciiDigit(text[0]); text = text[1..])
        {
            // What is finer than a tick is cut.
            unit /= 10;
            ticks += (text[0] - '0') * unit;
            count++;
        }
        return count > 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.IsEmpty || text is "Z" or "z")
        {
            return true;
        }
        if (text[0] is not ('+' or '-') || text.Length is not (3 or 5 or 6 or 9))
        {
            return false;
        }
        var sign = text[0] == '-' ? -1 : 1;
        var hasColon = text.Length is 6 or 9;
        var minute = 0;
        var second = 0;
        if (!TryReadDigits(text[1..3], out var hour) ||
            (text.Length == 5 && !TryReadDigits(text[3..5], out minute)) ||
            (hasColon && (text[3] != ':' || !TryReadDigits(text[4..6], out minute))) ||
            (text.Length == 9 && (text[6] != ':' || !TryReadDigits(text[7..9], out second))))
        {
            return false;
        }
        ticks = sign * (hour * TimeSpan.TicksPerHour + minute * TimeSpan.TicksPerMinute + second * TimeSpan.TicksPerSecond);
        return hour <= 23 && minute <= 59 && second <= 59;
    }

    private static bool TryReadDigits(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
