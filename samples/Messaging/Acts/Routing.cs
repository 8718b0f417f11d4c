using Celeriac.Messaging;
using static MessagingSample.Tour;

namespace MessagingSample.Acts;

/// <summary>Exchanges: one message for many queues, or for those that asked for its topic.</summary>
internal sealed class Routing(ITransport transport)
{
    private const string News = "tour.news";
    private const string Results = "tour.results";
    private static readonly string[] Listeners = ["tour.ana", "tour.ben"];

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await CleanAsync(cancellationToken);
        await transport.DeclareAsync(new Topology
        {
            Exchanges = [new ExchangeDeclaration(News, ExchangeType.Fanout), new ExchangeDeclaration(Results, ExchangeType.Topic)],
            Queues = [.. Listeners.Select(listener => new QueueDeclaration(listener))],
            Bindings =
            [
                new Binding(News, Listeners[0]),
                new Binding(News, Listeners[1]),
                new Binding(Results, Listeners[0], "football.#"),
                new Binding(Results, Listeners[1], "*.final"),
            ],
        }, cancellationToken);
        await FanoutAsync(cancellationToken);
        await TopicAsync(cancellationToken);
        await CleanAsync(cancellationToken);
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in Listeners)
        {
            await transport.DeleteQueueAsync(listener, cancellationToken);
        }
        await transport.DeleteExchangeAsync(News, cancellationToken);
        await transport.DeleteExchangeAsync(Results, cancellationToken);
    }

    private async Task FanoutAsync(CancellationToken cancellationToken)
    {
        Title("5. A fanout exchange gives every bound queue its own copy");
        await new Publisher(transport, News).SendAsync("The circus is in town", cancellationToken: cancellationToken);
        Sent($"'The circus is in town' to exchange {News}");
        await EmptyAsync(cancellationToken);
    }

    private async Task TopicAsync(CancellationToken cancellationToken)
    {
        Title("6. A topic exchange gives each queue what its pattern asks for");
        Note("ana asks for football.#, ben for *.final");
        var publisher = new Publisher(transport, Results);
        foreach (var topic in new[] { "football.group.a", "football.final", "tennis.final", "tennis.first" })
        {
            await publisher.SendAsync($"2 : 1 in {topic}", topic, cancellationToken: cancellationToken);
            Sent(topic);
        }
        await EmptyAsync(cancellationToken);
    }

    private async Task EmptyAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in Listeners)
        {
            // One message at a time without a subscription, as a command line would.
            while (await transport.GetAsync(listener, cancellationToken) is { } delivery)
            {
                Received($"{listener}: '{delivery.ReadText()}'");
                await delivery.AckAsync(cancellationToken);
            }
        }
    }
}
