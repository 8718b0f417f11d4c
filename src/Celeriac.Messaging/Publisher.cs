using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Messaging.Compression;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging;

/// <summary>What holds for every message of a <see cref="Publisher"/>.</summary>
public sealed record PublisherOptions
{
    /// <summary>The exchange; the empty text, the default, is the default exchange, which routes to the queue named by the routing key.</summary>
    public string Exchange { get; init; } = "";

    /// <summary>The compression of every message that does not say otherwise, for example <c>zlib</c> or <c>brotli</c>; null for none.</summary>
    public string? Compression { get; init; }

    /// <summary>Where compression methods are looked up.</summary>
    public ContentRegistry Contents { get; init; } = ContentRegistry.Default;

    /// <summary>The clock from which delays count.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// Sends messages to an exchange. Sending returns when the message is durable. Safe to use from many threads; it owns nothing, so that it need not be disposed.
/// </summary>
/// <example><c>await publisher.SendAsync("Hello", "mail", new() { Delay = TimeSpan.FromSeconds(5) });</c></example>
public sealed class Publisher
{
    private const string NeedsReflection = "Metadata of T is looked up with reflection. Give a JsonTypeInfo<T> from a JsonSerializerContext instead.";
    private static readonly MessageOptions Plain = new();
    private readonly ITransport _transport;
    private readonly PublisherOptions _options;
    private readonly Compressor? _compressor;

    /// <summary>A publisher on a transport.</summary>
    /// <param name="transport">Where the messages go.</param>
    /// <param name="options">What holds for every message; default the default exchange, no compression.</param>
    /// <exception cref="ArgumentException">The options name an unknown compression.</exception>
    public Publisher(ITransport transport, PublisherOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        _transport = transport;
        _options = options ?? new PublisherOptions();
        _compressor = _options.Compression is { } compression ? _options.Contents.FindCompressor(compression) : null;
    }

    /// <summary>A publisher on an exchange.</summary>
    public Publisher(ITransport transport, string exchange) : this(transport, new PublisherOptions { Exchange = exchange })
    {
    }

    /// <summary>The exchange that the messages go to.</summary>
    public string Exchange => _options.Exchange;

    /// <summary>Sends text as <c>text/plain</c>.</summary>
    /// <inheritdoc cref="SendAsync(Message, string, MessageOptions?, CancellationToken)"/>
    public ValueTask SendAsync(string text, string routingKey = "", MessageOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(MessageContent.Text(text), routingKey, options, cancellationToken);

    /// <summary>Sends bytes as <c>application/data</c>. They are not copied and must not change before the call returns.</summary>
    /// <inheritdoc cref="SendAsync(Message, string, MessageOptions?, CancellationToken)"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, string routingKey = "", MessageOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(MessageContent.Bytes(bytes), routingKey, options, cancellationToken);

    /// <summary>Sends a value as <c>application/json</c>, written with source-generated metadata.</summary>
    /// <inheritdoc cref="SendAsync(Message, string, MessageOptions?, CancellationToken)"/>
    public ValueTask SendAsync<T>(
        T value, JsonTypeInfo<T> typeInfo, string routingKey = "", MessageOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(MessageContent.Json(value, typeInfo), routingKey, options, cancellationToken);

    /// <summary>Sends a value as <c>application/json</c>, metadata found with reflection where the serializer options have none.</summary>
    /// <inheritdoc cref="SendAsync(Message, string, MessageOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(NeedsReflection)]
    [RequiresDynamicCode(NeedsReflection)]
    public ValueTask SendAsync<T>(
        T value, JsonSerializerOptions serializerOptions, string routingKey = "", MessageOptions? options = null, CancellationToken cancellationToken = default) =>
        SendAsync(MessageContent.Json(value, serializerOptions), routingKey, options, cancellationToken);

    /// <summary>Sends a message.</summary>
    /// <param name="message">The message; what the options say replaces its own properties, and headers of the options are added.</param>
    /// <param name="routingKey">The routing key; on the default exchange the queue's name.</param>
    /// <param name="options">What is special about this message.</param>
    /// <param name="cancellationToken">Ends the wait; the message may have been sent all the same.</param>
    /// <exception cref="ArgumentException">The options contradict each other or name an unknown compression.</exception>
    /// <exception cref="UnroutableException">The message is mandatory and reached no queue.</exception>
    /// <exception cref="PublishUnknownException">The wait ended before the broker answered: the message may have arrived.</exception>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public ValueTask SendAsync(Message message, string routingKey = "", MessageOptions? options = null, CancellationToken cancellationToken = default) =>
        _transport.PublishAsync(Prepare(message, routingKey, options ?? Plain), cancellationToken);

    /// <summary>Sends many messages alike in one call, which costs a store one commit.</summary>
    /// <inheritdoc cref="SendAsync(Message, string, MessageOptions?, CancellationToken)"/>
    /// <exception cref="PublishException">Some messages failed; it names each.</exception>
    public ValueTask SendAsync(IReadOnlyList<Message> messages, string routingKey = "", MessageOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var publications = messages.Select(message => Prepare(message, routingKey, options ?? Plain)).ToArray();
        return publications.Length == 0 ? ValueTask.CompletedTask : _transport.PublishAsync(publications, cancellationToken);
    }

    private Publication Prepare(Message message, string routingKey, MessageOptions options)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(routingKey);
        var exchange = options.Exchange ?? _options.Exchange;
        return new Publication(Compress(options.Apply(message), options), exchange, routingKey)
        {
            Due = options.DueAt(_options.Time),
            // Without an exchange a missing queue is a mistake; an exchange without listeners is ordinary publish and subscribe.
            Mandatory = options.Mandatory ?? exchange.Length == 0,
        };
    }

    private Message Compress(Message message, MessageOptions options)
    {
        var compressor = options.Compression is { } name ? _options.Contents.FindCompressor(name) : _compressor;
        // A message that is passed on may come compressed.
        return compressor is null || message.Headers.Has(Compressor.Header)
            ? message
            : message with { Body = compressor.Compress(message.Body), Headers = message.Headers.With(Compressor.Header, compressor.Name) };
    }
}
