using Celeriac.Messaging;

namespace Celeriac.Results;

/// <summary>Chooses the result store that the settings name.</summary>
internal static class ResultStores
{
    public static IResultStore Create(CeleriacOptions options, ITransport broker, TransportContext context)
    {
        if (options.ResultBackend is not { Length: > 0 } backend)
        {
            return broker.Documents is not null ? Documents(broker, owns: false) : Replies();
        }
        var url = BrokerUrl.Parse(backend);
        return url.Scheme switch
        {
            "rpc" => Replies(),
            "disabled" => new DisabledResultStore(),
            // The broker's own URL is the broker's own store: one connection, and results commit with acknowledgements.
            _ when backend == options.BrokerUrl => Documents(broker, owns: false),
            _ => Documents(Transports.Create(url, context), owns: true),
        };

        IResultStore Replies() => new ReplyResultStore(broker, options.ResultExpires, context.Time, context.LoggerFactory);
        IResultStore Documents(ITransport store, bool owns) => new DocumentResultStore(store, owns, options.ResultExpires, context.Time, context.LoggerFactory);
    }
}
