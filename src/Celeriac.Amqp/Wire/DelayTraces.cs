using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>
/// The names and keys of the delay ladder, as pure functions, and what a message that came down it must lose: RabbitMQ notes each step in the header <c>x-death</c>
/// and drops a message that takes the same steps again, so a message published anew with these headers could vanish.
/// </summary>
internal static class DelayTraces
{
    /// <summary>Every exchange and queue of the ladder begins so.</summary>
    public const string Prefix = "celeriac_delayed_";

    /// <summary>The exchange at the foot of the ladder.</summary>
    public const string DeliveryExchange = Prefix + "delivery";

    /// <summary>How many levels, and binary digits in a key.</summary>
    public const int Levels = 28;

    /// <summary>The longest name of a target, after escaping: the digits and their dots take 56 of a routing key's 255 bytes.</summary>
    public const int LongestTarget = 199;

    /// <summary>The pattern that takes exactly the digits: Celery's own <c>#</c> would also take the queues whose name ends alike.</summary>
    private static readonly string s_anyDigits = string.Concat(Enumerable.Repeat("*.", Levels));

    /// <summary>The exchange and queue of a level.</summary>
    public static string Level(int level) => Prefix + level.ToString(CultureInfo.InvariantCulture);

    /// <summary>The routing key that makes a message wait: the seconds in binary, then the target.</summary>
    public static string Key(int seconds, string target)
    {
        var key = new StringBuilder((Levels * 2) + target.Length);
        for (var level = Levels - 1; level >= 0; level--)
        {
            key.Append((seconds >> level) & 1).Append('.');
        }
        return key.Append(Escape(target)).ToString();
    }

    /// <summary>The key with which a target is bound to <see cref="DeliveryExchange"/>.</summary>
    public static string Pattern(string target) => s_anyDigits + Escape(target);

    /// <summary>The whole seconds of a delay, rounded up; 0 where there is none.</summary>
    public static int Seconds(TimeSpan delay) => delay <= TimeSpan.Zero ? 0 : (int)Math.Ceiling(delay.TotalSeconds);

    /// <summary>A name as words of a topic pattern: a word that is a wildcard is written in another way.</summary>
    public static string Escape(string target)
    {
        if (target.AsSpan().IndexOfAny("*#%") < 0)
        {
            return target;
        }
        var words = target.Replace("%", "%25", StringComparison.Ordinal).Split('.');
        return string.Join('.', words.Select(word => word switch { "*" => "%2A", "#" => "%23", _ => word }));
    }

    /// <summary>Where a message was published to: for one that came down the ladder the default exchange and its queue, else what is given.</summary>
    public static (string Exchange, string RoutingKey) Origin(string exchange, string routingKey)
    {
        const int digits = Levels * 2;
        return exchange == DeliveryExchange && routingKey.Length > digits
            ? ("", Unescape(routingKey[digits..]))
            : (exchange, routingKey);
    }

    /// <summary>The headers without the ladder's deaths; those of real dead letters stay.</summary>
    public static MessageHeaders Strip(MessageHeaders headers)
    {
        if (headers["x-death"] is not { Kind: HeaderKind.List } deaths || !deaths.AsList().Any(IsStep))
        {
            return headers;
        }
        var real = deaths.AsList().Where(death => !IsStep(death)).ToArray();
        var kept = headers.Where(header => header.Key != "x-death" && !IsSummary(header.Key)).ToList();
        if (real.Length > 0)
        {
            kept.Add(new("x-death", HeaderValue.From(real)));
            AddSummary(kept, "first", real[^1]);
            if (headers.Contains("x-last-death-queue"))
            {
                AddSummary(kept, "last", real[0]);
            }
        }
        return MessageHeaders.FromChecked([.. kept]);
    }

    private static string Unescape(string target) => target.Contains('%', StringComparison.Ordinal)
        ? string.Join('.', target.Split('.').Select(word => word switch { "%2A" => "*", "%23" => "#", _ => word })).Replace("%25", "%", StringComparison.Ordinal)
        : target;

    private static bool IsStep(HeaderValue death) =>
        death.Kind == HeaderKind.Map && death.AsMap().TextOf("queue")?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    private static bool IsSummary(string name) =>
        name.StartsWith("x-first-death-", StringComparison.Ordinal) || name.StartsWith("x-last-death-", StringComparison.Ordinal);

    private static void AddSummary(List<KeyValuePair<string, HeaderValue>> headers, string which, HeaderValue death)
    {
        foreach (var part in (ReadOnlySpan<string>)["queue", "reason", "exchange"])
        {
            if (death.AsMap().TextOf(part) is { } text)
            {
                headers.Add(new($"x-{which}-death-{part}", text));
            }
        }
    }
}
