using System.Text;

namespace Celeriac.Amqp.Connecting;

/// <summary>Which server it is, by what it tells of itself.</summary>
internal static class ServerVersion
{
    /// <summary>The version of a RabbitMQ: of <c>3.13.0-rc.1</c> what is before the dash. Null for another server.</summary>
    public static Version? Of(IDictionary<string, object?>? properties) =>
        Text(properties, "product") == "RabbitMQ" && Version.TryParse((Text(properties, "version") ?? "").Split('-', '+')[0], out var version) ? version : null;

    private static string? Text(IDictionary<string, object?>? properties, string name) =>
        properties is not null && properties.TryGetValue(name, out var value) ? value as string ?? (value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null) : null;
}
