using System.Globalization;

namespace Celeriac.Redis.Broker;

/// <summary>The names of Kombu's keys and of ours, which Kombu does not look at.</summary>
internal sealed class BrokerKeys(RedisBrokerOptions options)
{
    private readonly string _own = $"{options.Prefix}celeriac-broker:";

    /// <summary>Kombu's hash of what is handed out: delivery tag → message, exchange, routing key.</summary>
    public string Unacked => options.Prefix + options.UnackedKey;

    /// <summary>Kombu's sorted set of delivery tags by the seconds since which they are held.</summary>
    public string UnackedIndex => options.Prefix + options.UnackedIndexKey;

    /// <summary>The prefix of every key of ours.</summary>
    public string Own => _own;

    /// <summary>Kombu's set of an exchange's bindings.</summary>
    public string Bindings(string exchange) => $"{options.Prefix}_kombu.binding.{exchange}";

    /// <summary>The list of a queue and a step.</summary>
    public string List(string queue, byte step) => options.Prefix + Unprefixed(queue, step);

    /// <summary>The same as Kombu writes it into its own data: without the prefix, which it adds itself.</summary>
    public string Unprefixed(string queue, byte step) =>
        step == 0 ? queue : string.Create(CultureInfo.InvariantCulture, $"{queue}{options.Separator}{step}");

    /// <summary>Our sorted set of a queue's delayed messages by due time.</summary>
    public string Delayed(string queue) => $"{_own}delayed:{queue}";

    /// <summary>Our list of a queue's entries that are no messages.</summary>
    public string Unreadable(string queue) => $"{_own}unreadable:{queue}";

    /// <summary>The channel of a fanout exchange.</summary>
    public string Channel(string exchange, string routingKey) =>
        routingKey.Length == 0 ? $"{options.Prefix}{options.FanoutPrefix}{exchange}" : $"{options.Prefix}{options.FanoutPrefix}{exchange}/{routingKey}";

    /// <summary>Every channel of a fanout exchange but the bare one, as a pattern.</summary>
    public string ChannelPattern(string exchange)
    {
        var name = Channel(exchange, "");
        return $"{string.Concat(name.Select(letter => letter is '*' or '?' or '[' or ']' or '\\' or '^' ? $"\\{letter}" : $"{letter}"))}/*";
    }

    /// <summary>The step of a priority: the greatest that is not above it. Kombu cuts priorities to 0–9.</summary>
    public byte StepOf(byte? priority)
    {
        var wanted = Math.Min(priority ?? 0, (byte)9);
        var step = options.PrioritySteps[0];
        foreach (var next in options.PrioritySteps)
        {
            step = next <= wanted ? next : step;
        }
        return step;
    }
}
