using Celeriac.Messaging;

namespace Celeriac.Amqp.Links;

/// <summary>Which server it is, by what it tells of itself.</summary>
internal static class ServerVersion
{
    /// <summary>The version of a RabbitMQ: of <c>3.13.0-rc.1</c> what is before the dash. Null for another server.</summary>
    public static Version? Of(MessageHeaders properties) =>
        properties.TextOf("product") == "RabbitMQ" && Version.TryParse((properties.TextOf("version") ?? "").Split('-', '+')[0], out var version) ? version : null;
}
