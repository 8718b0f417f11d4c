using System.Collections.Concurrent;

namespace Celeriac.Messaging;

/// <summary>
/// The transports of this process by URL scheme. <c>memory</c> is built in; a technology package is registered by generated code
/// in the user's project, or by a line: <c>Transports.Add("sqlite", new SqliteTransportFactory());</c>.
/// </summary>
public static class Transports
{
    // Process-wide on purpose: a scheme means the same factory everywhere, and generated code registers before anything runs.
    private static readonly ConcurrentDictionary<string, ITransportFactory> Factories = new(StringComparer.OrdinalIgnoreCase)
    {
        ["memory"] = new Stores.MemoryTransportFactory(),
    };

    /// <summary>The registered schemes in alphabetical order.</summary>
    public static IReadOnlyList<string> Schemes => [.. Factories.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Registers a factory for a URL scheme. Registering the same type of factory again does nothing.</summary>
    /// <param name="scheme">The scheme without <c>://</c>, for example <c>sqlite</c>.</param>
    /// <param name="factory">What makes the transports.</param>
    /// <exception cref="ArgumentException">The scheme is no scheme, or a factory of another type serves it already.</exception>
    public static void Add(string scheme, ITransportFactory factory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);
        ArgumentNullException.ThrowIfNull(factory);
        if (!char.IsAsciiLetter(scheme[0]) || !scheme.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '+' or '-' or '.'))
        {
            throw new ArgumentException(
                $"'{scheme}' is no URL scheme. Give letters, digits, '+', '-' and '.', without '://', for example \"sqlite\".", nameof(scheme));
        }
        var registered = Factories.GetOrAdd(scheme.ToLowerInvariant(), factory);
        if (registered.GetType() != factory.GetType())
        {
            throw new ArgumentException(
                $"Scheme '{scheme}' is already served by {registered.GetType()} and cannot be given to {factory.GetType()} too. "
                + "Register one of them, or choose another scheme.", nameof(scheme));
        }
    }

    /// <summary>Makes the transport for a URL, not yet connected.</summary>
    /// <exception cref="BrokerUrlException">The URL is malformed, or nothing is registered for its scheme.</exception>
    public static ITransport Create(string url, TransportContext? context = null) => Create(BrokerUrl.Parse(url), context);

    /// <inheritdoc cref="Create(string, TransportContext?)"/>
    public static ITransport Create(BrokerUrl url, TransportContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        return Factories.TryGetValue(url.Scheme, out var factory) ? factory.Create(url, context ?? new TransportContext()) : throw Unknown(url);
    }

    /// <summary>Makes the transport for a URL and connects it.</summary>
    /// <exception cref="BrokerUrlException">The URL is malformed, or nothing is registered for its scheme.</exception>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public static async ValueTask<ITransport> ConnectAsync(string url, TransportContext? context = null, CancellationToken cancellationToken = default)
    {
        var transport = Create(url, context);
        try
        {
            await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return transport;
        }
        catch
        {
            await transport.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static BrokerUrlException Unknown(BrokerUrl url)
    {
        var schemes = Schemes;
        var registered = schemes.Count == 0 ? "nothing" : string.Join(", ", schemes);
        var remedy = Technology(url.Scheme) is { } technology
            ? $"Reference the package Celeriac.{technology} and add the line Transports.Add(\"{url.Scheme}\", new {technology}TransportFactory());"
            : $"{DidYouMean.Sentence(url.Scheme, schemes.Concat(KnownSchemes))}Correct the scheme, or register its factory with Transports.Add(\"{url.Scheme}\", …);";
        return new BrokerUrlException($"No transport is registered for scheme '{url.Scheme}' of broker URL '{url}'. {remedy} Registered: {registered}.");
    }

    private static readonly string[] KnownSchemes = ["memory", "sqlite", "amqp", "amqps", "stomp", "stomp+ssl", "redis", "rediss", "postgres", "postgresql"];

    private static string? Technology(string scheme) => scheme switch
    {
        "sqlite" => "Sqlite",
        "amqp" or "amqps" => "Amqp",
        "stomp" or "stomp+ssl" => "Stomp",
        "redis" or "rediss" => "Redis",
        "postgres" or "postgresql" => "Postgres",
        _ => null,
    };
}
