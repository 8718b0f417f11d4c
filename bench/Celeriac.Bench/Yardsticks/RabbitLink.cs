using Celeriac.Bench.Acting;
using RabbitMQ.Client;

namespace Celeriac.Bench.Yardsticks;

/// <summary>One connection and channel of RabbitMQ.Client, and the durable queue of the run.</summary>
internal sealed class RabbitLink : IAsyncDisposable
{
    private readonly IConnection _connection;

    private RabbitLink(IConnection connection, IChannel channel) => (_connection, Channel) = (connection, channel);

    public IChannel Channel { get; }

    /// <param name="arguments">Broker, queue and window.</param>
    /// <param name="confirms">Whether a publish is awaited until the broker has confirmed it.</param>
    public static async Task<RabbitLink> OpenAsync(Arguments arguments, bool confirms)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(arguments.Broker) }.CreateConnectionAsync();
        // The window bounds what is unconfirmed. The library's own limiter delays publishes once half of it is taken: it is so wide that it never does.
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(confirms, confirms, new ThrottlingRateLimiter(4 * arguments.Window + 16)));
        await channel.QueueDeclareAsync(arguments.Queue, durable: true, exclusive: false, autoDelete: false);
        return new RabbitLink(connection, channel);
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
