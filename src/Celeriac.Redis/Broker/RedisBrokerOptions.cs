using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Redis.Broker;

/// <summary>What a <c>redis://</c> URL says about a broker. Where Kombu has a transport option for it, the name is Kombu's.</summary>
internal sealed record RedisBrokerOptions
{
    private static readonly string[] s_nativeNames = ["form", .. StoreTransportOptions.Names];
    private static readonly string[] s_names =
        ["visibility_timeout", "priority_steps", "sep", "unacked_key", "unacked_index_key", "fanout_prefix", "unacked_restore_limit", .. s_nativeNames];

    /// <summary>The connection.</summary>
    public required RedisOptions Connection { get; init; }

    /// <summary><c>form</c>: true for <c>native</c>, which no Python reads; false, the default, for Kombu's.</summary>
    public bool IsNative { get; init; }

    /// <summary>What stands before every key and channel: <c>global_keyprefix</c>, as it is.</summary>
    public string Prefix { get; init; } = "";

    /// <summary><c>visibility_timeout</c>: how long others' unacknowledged messages are left alone. Must be the Python fleet's. Default 1 hour.</summary>
    public TimeSpan VisibilityTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary><c>priority_steps</c>: the priorities that a queue tells apart, ascending. Must be the Python fleet's. Default 0, 3, 6, 9.</summary>
    public IReadOnlyList<byte> PrioritySteps { get; init; } = [0, 3, 6, 9];

    /// <summary><c>sep</c>: what stands between a queue's name and its step.</summary>
    public string Separator { get; init; } = "\u0006\u0016";

    /// <summary><c>unacked_key</c>: the hash of what is handed out.</summary>
    public string UnackedKey { get; init; } = "unacked";

    /// <summary><c>unacked_index_key</c>: since when.</summary>
    public string UnackedIndexKey { get; init; } = "unacked_index";

    /// <summary><c>unacked_restore_limit</c>: how many are restored at a time. Default 100.</summary>
    public int RestoreLimit { get; init; } = 100;

    /// <summary><c>fanout_prefix</c>: what stands before a fanout exchange's name in its channel. Default <c>/database.</c></summary>
    public string FanoutPrefix { get; init; } = "/0.";

    /// <summary>Reads the URL.</summary>
    /// <exception cref="BrokerUrlException">An option or a part is unknown or wrong.</exception>
    public static RedisBrokerOptions From(BrokerUrl url)
    {
        var isNative = url.Choice("form", "kombu", "kombu", "native") == "native";
        // What only Kombu's form has is refused in the other: it would be without effect.
        var connection = RedisOptions.From(url, isNative ? s_nativeNames : s_names);
        if (!isNative)
        {
            RequireRenewal(url);
        }
        return new RedisBrokerOptions
        {
            // Its own name finds the connection in the server's list; half a heartbeat makes a silent connection noticed after two.
            Connection = connection with
            {
                ClientName = $"celeriac-{Guid.NewGuid():N}",
                FailsFast = true,
                AnswerTimeout = connection.Reconnect.Heartbeat / 2,
            },
            IsNative = isNative,
            Prefix = url.Text("global_keyprefix") ?? "",
            VisibilityTimeout = VisibilityOf(url),
            PrioritySteps = url.Text("priority_steps") is { } steps ? StepsOf(url, steps) : [0, 3, 6, 9],
            Separator = url.Text("sep") is { Length: > 0 } separator ? separator : "\u0006\u0016",
            UnackedKey = url.Text("unacked_key") is { Length: > 0 } key ? key : "unacked",
            UnackedIndexKey = url.Text("unacked_index_key") is { Length: > 0 } index ? index : "unacked_index",
            RestoreLimit = (int)url.Integer("unacked_restore_limit", 100, 1, 10_000),
            FanoutPrefix = url.Text("fanout_prefix") ?? string.Create(CultureInfo.InvariantCulture, $"/{connection.Database}."),
        };
    }

    /// <summary>A claim is renewed four times a lease: a Python worker that puts back what is older must not be quicker.</summary>
    private static void RequireRenewal(BrokerUrl url)
    {
        var (lease, visibility) = (StoreTransportOptions.From(url).Lease, VisibilityOf(url));
        if (lease > visibility)
        {
            throw new BrokerUrlException(
                $"Option 'lease' of broker URL '{url}' is {lease.TotalSeconds:0.###} s, but must not be longer than visibility_timeout, {visibility.TotalSeconds:0.###} s: others would put back what a worker still holds. Write for example lease={visibility.TotalSeconds / 2:0.###}s.");
        }
    }

    private static TimeSpan VisibilityOf(BrokerUrl url) => url.Duration("visibility_timeout", TimeSpan.FromHours(1), TimeSpan.FromSeconds(1), TimeSpan.FromDays(365));

    private static byte[] StepsOf(BrokerUrl url, string text)
    {
        var steps = new List<byte>();
        foreach (var part in text.Split(','))
        {
            if (!byte.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var step) || step > 9 || (steps.Count > 0 && step <= steps[^1]))
            {
                throw new BrokerUrlException(
                    $"Option 'priority_steps' of broker URL '{url}' is '{text}', but must be numbers from 0 to 9, ascending and parted by commas. Write for example priority_steps=0,3,6,9.");
            }
            steps.Add(step);
        }
        return steps[0] == 0 ? [.. steps] : [0, .. steps];
    }
}
