using System.Diagnostics;

namespace Celeriac.Diagnostics;

/// <summary>Which messaging system it is and where, for every span and metric; read from the broker's URL once.</summary>
internal sealed class TelemetryPlace
{
    private readonly string _url;

    /// <param name="url">The broker's URL without its password.</param>
    public TelemetryPlace(string url)
    {
        _url = url;
        System = SystemOf(url.Split(':')[0]);
        if (Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Host.Length > 0 && parsed.Scheme is not ("sqlite" or "memory"))
        {
            ServerAddress = parsed.Host;
            ServerPort = parsed.Port > 0 ? parsed.Port : null;
        }
    }

    /// <summary>By the conventions' names; what they do not know has ours before it.</summary>
    public string System { get; }

    public string? ServerAddress { get; }

    public int? ServerPort { get; }

    public void Describe(Activity activity)
    {
        activity.SetTag(Telemetry.System, System);
        if (ServerAddress is not null)
        {
            activity.SetTag(Telemetry.ServerAddress, ServerAddress);
        }
        if (ServerPort is { } port)
        {
            activity.SetTag(Telemetry.ServerPort, port);
        }
    }

    public override string ToString() => _url;

    private static string SystemOf(string scheme) => scheme switch
    {
        "amqp" or "amqps" => "rabbitmq",
        "stomp" or "stomps" or "stomp+ssl" => "activemq",
        "redis" or "rediss" => "redis",
        _ => $"celeriac.{scheme}",
    };
}
