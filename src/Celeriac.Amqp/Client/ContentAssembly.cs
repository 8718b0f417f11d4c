using System.Buffers;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Client;

/// <summary>Where a message that comes in several frames belongs to, and what of it has come. One for each channel; only the reading loop touches it.</summary>
internal sealed class ContentAssembly
{
    // RabbitMQ's own hard limit: a larger message never comes.
    private const ulong LargestBody = 512 << 20;
    private Message? _message;
    private byte[] _body = [];
    private int _size;
    private int _received;

    /// <summary>The method that the content follows; 0 where none is awaited.</summary>
    public uint Method { get; private set; }

    public string Exchange { get; private set; } = "";

    public string RoutingKey { get; private set; } = "";

    public ulong Tag { get; private set; }

    public bool IsRedelivered { get; private set; }

    public ClientConsumer? Consumer { get; private set; }

    public void Begin(uint method, string exchange, string routingKey, ulong tag = 0, bool isRedelivered = false, ClientConsumer? consumer = null) =>
        (Method, Exchange, RoutingKey, Tag, IsRedelivered, Consumer) = (method, exchange, routingKey, tag, isRedelivered, consumer);

    /// <summary>Takes the content header; answers the message where it has no body.</summary>
    /// <exception cref="AmqpFormatException">It is not its turn, or too large.</exception>
    public Message? Header(ContentHeader header)
    {
        if (Method == 0 || _message is not null)
        {
            throw new AmqpFormatException("the server sent a content header that belongs to nothing");
        }
        if (header.BodySize > LargestBody)
        {
            throw new AmqpFormatException($"the server announced a message of {header.BodySize} bytes; the largest that is taken has {LargestBody}");
        }
        (_message, _size, _received, _body) = (header.Message, (int)header.BodySize, 0, header.Body);
        return _size == 0 ? Finish() : null;
    }

    /// <summary>Takes a part of the body; answers the message where it was the last.</summary>
    /// <exception cref="AmqpFormatException">It is not its turn, or more than was announced.</exception>
    public Message? Body(in ReadOnlySequence<byte> part)
    {
        if (_message is null || part.Length > _size - _received)
        {
            throw new AmqpFormatException($"the server sent {part.Length} bytes of a body where {(_message is null ? 0 : _size - _received)} were to come");
        }
        var needed = _received + (int)part.Length;
        if (needed > _body.Length)
        {
            Array.Resize(ref _body, (int)Math.Min(_size, Math.Max(needed, 2L * _body.Length)));
        }
        part.CopyTo(_body.AsSpan(_received));
        _received = needed;
        return _received == _size ? Finish() : null;
    }

    /// <summary>The message is handed over: the next may begin.</summary>
    public void End() => (Method, Consumer) = (0, null);

    private Message Finish()
    {
        // A small body lies in the message already; a large one had to grow.
        var message = _message!.Body.Length == _size ? _message : _message with { Body = _body };
        (_message, _body) = (null, []);
        return message;
    }
}

/// <summary>A consumer of a channel, with its tag as it comes over the wire.</summary>
internal sealed record ClientConsumer(string Tag, byte[] TagBytes, Links.IAmqpConsumer Consumer);
