using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;

namespace Celeriac;

/// <summary>
/// The result stores of this process by URL scheme, beside the transports, which store results too where they can. A package is registered by generated
/// code in the user's project, or by a line: <c>ResultStores.Add("redis", new RedisResultStoreFactory());</c>.
/// </summary>
public static class ResultStores
{
    // Process-wide on purpose, like Transports: a scheme means the same factory everywhere.
    private static readonly ConcurrentDictionary<string, IResultStoreFactory> Factories = new(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] KnownSchemes = ["rpc", "disabled", "memory", "sqlite", "redis", "rediss", "redis+socket", "postgres", "postgresql", "db+postgresql"];

    /// <summary>The registered schemes in alphabetical order.</summary>
    public static IReadOnlyList<string> Schemes => [.. Factories.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Registers a factory for a scheme of <c>result_backend</c>. Registering the same type of factory again does nothing.</summary>
    /// <param name="scheme">The scheme without <c>://</c>, for example <c>redis</c>.</param>
    /// <param name="factory">What makes the stores.</param>
    /// <exception cref="ArgumentException">The scheme is no scheme, or a factory of another type serves it already.</exception>
    public static void Add(string scheme, IResultStoreFactory factory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);
        ArgumentNullException.ThrowIfNull(factory);
        if (!char.IsAsciiLetter(scheme[0]) || !scheme.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '+' or '-' or '.'))
        {
            throw new ArgumentException(
                $"'{scheme}' is no URL scheme. Give letters, digits, '+', '-' and '.', without '://', for example \"redis\".", nameof(scheme));
        }
        var registered = Factories.GetOrAdd(scheme.ToLowerInvariant(), factory);
        if (registered.GetType() != factory.GetType())
        {
            throw new ArgumentException(
                $"Scheme '{scheme}' of result_backend is already served by {registered.GetType()} and cannot be given to {factory.GetType()} too. "
                + "Register one of them, or choose another scheme.", nameof(scheme));
        }
    }

    internal static IResultStore Create(CeleriacOptions options, ITransport broker, TransportContext context)
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
            _ when Factories.TryGetValue(url.Scheme, out var factory) => factory.Create(url, ContextOf(options, context)),
            // The broker's own URL is the broker's own store: one connection, and results commit with acknowledgements.
            _ when backend == options.BrokerUrl => Documents(broker, owns: false),
            _ when Transports.Schemes.Contains(url.Scheme, StringComparer.OrdinalIgnoreCase) => Documents(Transports.Create(url, context), owns: true),
            _ => throw Unknown(url),
        };

        IResultStore Replies() => new ReplyResultStore(broker, ResultContents.Of(options), options.ResultExpires, context.Time, context.LoggerFactory) { ArePersistent = options.ResultPersistent };
        IResultStore Documents(ITransport store, bool owns) => new DocumentResultStore(store, owns, options.ResultExpires, context.Time, context.LoggerFactory);
    }

    /// <exception cref="BrokerUrlException">Nothing is registered for the scheme; the message names the package and the line.</exception>
    internal static void RequireKnown(BrokerUrl url)
    {
        if (!Registered.Contains(url.Scheme))
        {
            throw Unknown(url);
        }
    }

    private static IEnumerable<string> Registered =>
        Schemes.Concat(Transports.Schemes).Concat(["disabled", "rpc"]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static ResultStoreContext ContextOf(CeleriacOptions options, TransportContext context) =>
        new() { Expires = options.ResultExpires, Contents = ResultContents.Of(options), LoggerFactory = context.LoggerFactory, Time = context.Time };

    /// <summary>What to say where nothing serves a scheme.</summary>
    internal static BrokerUrlException Unknown(BrokerUrl url)
    {
        var remedy = url.Scheme switch
        {
            "redis" or "rediss" or "redis+socket" =>
                $"Reference the package Celeriac.Redis, and where its source generator does not run add the line ResultStores.Add(\"{url.Scheme}\", new RedisResultStoreFactory());",
            "postgres" or "postgresql" => $"Reference the package Celeriac.Postgres and add the line Transports.Add(\"{url.Scheme}\", new PostgresTransportFactory());",
            "db+postgresql" => "Reference the package Celeriac.Postgres and add the line ResultStores.Add(\"db+postgresql\", new PythonResultStoreFactory());",
            "sqlite" => "Reference the package Celeriac.Sqlite and add the line Transports.Add(\"sqlite\", new SqliteTransportFactory());",
            _ => $"{DidYouMean.Sentence(url.Scheme, KnownSchemes)}Correct the scheme, or register its factory with ResultStores.Add(\"{url.Scheme}\", …);",
        };
        return new BrokerUrlException($"No result store is registered for scheme '{url.Scheme}' of result_backend '{url}'. {remedy} Registered: {string.Join(", ", Registered)}.");
    }
}
