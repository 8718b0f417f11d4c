using Celeriac.Messaging;
using static MessagingSample.Tour;

namespace MessagingSample.Acts;

/// <summary>Exchanges: one message for many queues, or for those that asked for its topic.</summary>
internal sealed class Routing(ITransport transport)
{
    private const string News = "tour.news";
    private const string Results = "tour.results";
    private const string Ana = "tour.ana";
    private const string Ben = "tour.ben";

    private static readonly Topology s_topology = new()
    {
        Exchanges = [new ExchangeDeclaration(News, ExchangeType.Fanout), new ExchangeDeclaration(Results, ExchangeType.Topic)],
        Queues = [new QueueDeclaration(Ana), new QueueDeclaration(Ben)],
        Bindings = [new Binding(News, Ana), new Binding(News, Ben), new Binding(Results, Ana, "football.#"), new Binding(Results, Ben, "*.final")],
    };

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!transport.Capabilities.Exchanges)
        {
            Title("5, 6. Exchanges give messages to the queues that are bound to them");
            await RefusedAsync(() => transport.DeclareAsync(s_topology, cancellationToken));
            return;
        }
        await CleanAsync(cancellationToken);
        await transport.DeclareAsync(s_topology, cancellationToken);
        await FanoutAsync(cancellationToken);
        await TopicAsync(cancellationToken);
        await CleanAsync(cancellationToken);
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in new[] { Ana, Ben })
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
        foreach (var listener in new[] { Ana, Ben })
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
