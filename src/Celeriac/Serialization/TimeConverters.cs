using System.Globalization;

namespace Celeriac.Serialization;

/// <summary>
/// Times with at most six fraction digits: Python before 3.11 refuses the seven that .NET writes (CELERY-PROTOCOL rule 4).
/// A time with an offset becomes UTC, so that a task reads the same on every machine.
/// </summary>
internal sealed class DateTimeConverter(JsonTypes types) : KombuConverter<DateTime>(types)
{
    private const string Format6 = "yyyy-MM-ddTHH:mm:ss.ffffff";

    protected override string Expected => "an ISO 8601 date and time";

    protected override bool TryParse(string? type, string text, out DateTime value)
    {
        value = default;
        if (type is not (null or KombuValue.DateTime or KombuValue.Date) || !DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out value))
        {
            return false;
        }
        value = value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : value;
        return true;
    }

    protected override string Format(DateTime value) =>
        value.ToString(value.Kind == DateTimeKind.Unspecified ? Format6 : $"{Format6}K", CultureInfo.InvariantCulture);

    // Python before 3.11 reads no Z either.
    protected override KombuValue ToKombu(DateTime value) =>
        new(KombuValue.DateTime, value.Kind == DateTimeKind.Utc ? $"{value.ToString(Format6, CultureInfo.InvariantCulture)}+00:00" : Format(value));
}

/// <summary>A time without an offset is UTC.</summary>
internal sealed class DateTimeOffsetConverter(JsonTypes types) : KombuConverter<DateTimeOffset>(types)
{
    protected override string Expected => "an ISO 8601 date and time";

    protected override bool TryParse(string? type, string text, out DateTimeOffset value)
    {
        value = default;
        return type is null or KombuValue.DateTime or KombuValue.Date &&
            DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out value);
    }

    protected override string Format(DateTimeOffset value) => value.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);

    protected override KombuValue ToKombu(DateTimeOffset value) => new(KombuValue.DateTime, Format(value));
}

/// <summary>Celery 5.2 writes a date as its midnight, which is read too.</summary>
internal sealed class DateOnlyConverter(JsonTypes types) : KombuConverter<DateOnly>(types)
{
    protected override string Expected => "an ISO 8601 date";

    protected override bool TryParse(string? type, string text, out DateOnly value)
    {
        value = default;
        if (type is not (null or KombuValue.Date or KombuValue.DateTime))
        {
            return false;
        }
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out value))
        {
            return true;
        }
        var isMidnight = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.TimeOfDay == TimeSpan.Zero;
        value = DateOnly.FromDateTime(time.DateTime);
        return isMidnight;
    }

    protected override string Format(DateOnly value) => value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    protected override KombuValue ToKombu(DateOnly value) => new(KombuValue.Date, Format(value));
}

internal sealed class TimeOnlyConverter(JsonTypes types) : KombuConverter<TimeOnly>(types)
{
    private static readonly string[] s_formats = ["HH:mm:ss.FFFFFFF", "HH:mm:ss", "HH:mm"];

    protected override string Expected => "an ISO 8601 time of day without offset";

    protected override bool TryParse(string? type, string text, out TimeOnly value)
    {
        value = default;
        return type is null or KombuValue.Time && TimeOnly.TryParseExact(text, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out value);
    }

    protected override string Format(TimeOnly value) =>
        value.ToString(value.Ticks % TimeSpan.TicksPerSecond == 0 ? "HH:mm:ss" : "HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    protected override KombuValue ToKombu(TimeOnly value) => new(KombuValue.Time, Format(value));
}
