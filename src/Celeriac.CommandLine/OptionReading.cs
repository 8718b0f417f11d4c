using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Celeriac.Hosting;
using Celeriac.Protocol;
using Celeriac.Working.Life;

namespace Celeriac.CommandLine;

/// <summary>Reads the text of options, without reflection and with our own words for what is wrong.</summary>
internal static class OptionReading
{
    public static Func<ArgumentResult, int?> Number(int least, int most) => result =>
    {
        var text = Text(result);
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : Refuse<int?>(result, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
    };

    public static AutoscaleBounds? Autoscale(ArgumentResult result)
    {
        var text = Text(result);
        return AutoscaleBounds.Parse(text) ?? Refuse<AutoscaleBounds?>(result, text, "the most and the least, for example 10,3");
    }

    public static string? Probe(ArgumentResult result)
    {
        var text = Text(result);
        return ProbeAddress.Parse(text) is not null ? text : Refuse<string>(result, text, "a port or an IP address with a port, for example 8080 or 0.0.0.0:8080");
    }

    public static TimeSpan? Seconds(ArgumentResult result)
    {
        if (result.Tokens.Count == 0)
        {
            return null;
        }
        var text = Text(result);
        return TrySeconds(text) ?? Refuse<TimeSpan?>(result, text, "a number of seconds, for example 90 or 0.5");
    }

    public static DateTimeOffset? Time(ArgumentResult result)
    {
        var text = Text(result);
        return CeleryTime.TryParse(text, out var time) ? time : Refuse<DateTimeOffset?>(result, text, "a time such as 2026-12-24T18:00:00Z");
    }

    /// <summary>A time, or seconds from now.</summary>
    public static Func<TimeProvider, DateTimeOffset>? TimeOrSeconds(ArgumentResult result)
    {
        var text = Text(result);
        if (TrySeconds(text) is { } seconds)
        {
            return time => time.GetUtcNow() + seconds;
        }
        return CeleryTime.TryParse(text, out var moment)
            ? _ => moment
            : Refuse<Func<TimeProvider, DateTimeOffset>>(result, text, "a number of seconds, or a time such as 2026-12-24T18:00:00Z");
    }

    /// <summary>A time, or how long ago: a number with s, m, h or d behind it.</summary>
    public static Func<TimeProvider, DateTimeOffset>? TimeOrAgo(ArgumentResult result)
    {
        var text = Text(result);
        var unit = (text.Length > 0 ? text[^1..] : "") switch { "s" => 1, "m" => 60, "h" => 3600, "d" => 86_400, _ => 0 };
        if (unit > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * unit <= 3e9)
        {
            return time => time.GetUtcNow() - TimeSpan.FromSeconds(number * unit);
        }
        return CeleryTime.TryParse(text, out var moment)
            ? _ => moment
            : Refuse<Func<TimeProvider, DateTimeOffset>>(result, text, "a time such as 2026-12-24T18:00:00Z, or how long ago, for example 90m, 12h or 7d");
    }

    public static string[] Queues(ArgumentResult result)
    {
        var queues = result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal).ToArray();
        if (queues.Select(queue => OptionFaults.QueueFault($"Option '{Name(result)}'", queue)).FirstOrDefault(fault => fault is not null) is { } fault)
        {
            result.AddError(fault);
        }
        else if (queues.Length == 0)
        {
            result.AddError($"Option '{Name(result)}' names no queue. Write for example -Q mail,slow.");
        }
        return queues;
    }

    /// <summary>Names, comma-separated.</summary>
    public static string[] Names(ArgumentResult result)
    {
        var names = result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal).ToArray();
        return names.Length > 0 ? names : Refuse<string[]>(result, Text(result), "one or more names, comma-separated") ?? [];
    }

    public static Func<ArgumentResult, string?> Json(JsonValueKind kind, string example) => result =>
    {
        var text = Text(result);
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = TaskJson.MaximumDepth });
            if (document.RootElement.ValueKind == kind)
            {
                return text;
            }
        }
        catch (JsonException)
        {
            // Answered below, like JSON of another kind.
        }
        return Refuse<string>(result, text, $"a JSON {kind.ToString().ToLowerInvariant()}, for example '{example}'");
    };

    public static Func<ArgumentResult, string?> OneOf(IReadOnlyList<string> words) => result =>
    {
        var text = Text(result);
        return words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? Refuse<string>(result, text, $"one of {string.Join(", ", words)}");
    };

    private static TimeSpan? TrySeconds(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= 1e9 ? TimeSpan.FromSeconds(seconds) : null;

    private static string Text(ArgumentResult result) => result.Tokens[^1].Value;

    private static string Name(ArgumentResult result) => result.Parent is OptionResult { IdentifierToken: { } token } ? token.Value : result.Argument.Name;

    private static T? Refuse<T>(ArgumentResult result, string text, string expected)
    {
        result.AddError($"Option '{Name(result)}' is '{text}', but must be {expected}.");
        return default;
    }
}
