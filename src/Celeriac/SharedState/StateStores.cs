using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>Finds where shared state is (DESIGN: "shared state has one home"): where <c>state_store</c> says, else beside the results, else beside the messages.</summary>
internal static class StateStores
{
    /// <summary>The home of a client's shared state. It owns what it opens itself.</summary>
    /// <exception cref="BrokerUrlException">The URL is malformed or nothing serves its scheme.</exception>
    public static StateHome Open(CeleriacOptions options, ITransport broker, IResultStore results, TransportContext context)
    {
        if (options.StateStore is not { Length: > 0 } store)
        {
            return new StateHome(
                results.State ?? broker.State, "state_store is not set, and neither the result backend nor the broker can keep it", owned: null, context.Time);
        }
        if (store == options.BrokerUrl && broker.State is { } beside)
        {
            return new StateHome(beside, "", owned: null, context.Time);
        }
        if (store == options.ResultBackend && results.State is { } besideResults)
        {
            return new StateHome(besideResults, "", owned: null, context.Time);
        }
        // What keeps state keeps results too: its factory makes both.
        var opened = ResultStores.Create(new CeleriacOptions { BrokerUrl = options.BrokerUrl, ResultBackend = store }, broker, context);
        return new StateHome(opened.State, $"state_store '{BrokerUrl.Parse(store)}' cannot keep it", opened, context.Time);
    }
}
