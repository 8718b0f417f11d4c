using System.Buffers;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Client;

// What comes in on a channel. Called by the connection's reading loop only, one frame after the other.
internal sealed partial class AmqpChannel
{
    private readonly ContentAssembly _content = new();
    private volatile ClientConsumer[] _consumers = [];
    private volatile IConfirmations? _confirmations;

    public void Confirm(IConfirmations confirmations) => _confirmations = confirmations;

    /// <summary>Takes a method.</summary>
    /// <exception cref="AmqpFormatException">It is none that may come now.</exception>
    public void Method(uint method, FieldReader reader)
    {
        switch (method)
        {
            case Methods.BasicDeliver:
                Delivery(ref reader);
                break;
            case Methods.BasicAck or Methods.BasicNack:
                _confirmations?.Answered(reader.UInt64(), (reader.Byte() & 1) != 0, method == Methods.BasicAck);
                break;
            case Methods.BasicReturn:
                reader.UInt16();
                reader.Short();
                _content.Begin(method, client.Texts.Get(reader.Short()), client.Texts.Get(reader.Short()));
                break;
            case Methods.BasicGetOk:
                var (tag, isRedelivered) = (reader.UInt64(), reader.Bit());
                _content.Begin(method, client.Texts.Get(reader.Short()), client.Texts.Get(reader.Short()), tag, isRedelivered);
                break;
            case Methods.BasicGetEmpty:
                Answer(Methods.BasicGetOk, default);
                break;
            case Methods.BasicCancel:
                Cancelled(reader.ShortText(), noWait: reader.Bit());
                break;
            case Methods.BasicCancelOk:
                Unregister(reader.ShortText())?.Consumer.Ended();
                Answer(method, default);
                break;
            case Methods.QueueDeclareOk:
                reader.Short();
                Answer(method, new Reply(reader.UInt32(), reader.UInt32()));
                break;
            case Methods.QueuePurgeOk:
                Answer(method, new Reply(reader.UInt32()));
                break;
            case Methods.ChannelFlow:
                client.Output.Write(New(Methods.ChannelFlowOk).Byte(reader.Byte()).Finish());
                break;
            case Methods.ChannelClose:
                End(new CloseReason(true, reader.UInt16(), reader.ShortText()), New(Methods.ChannelCloseOk));
                break;
            case Methods.ChannelCloseOk:
                client.Forget(this);
                _closing?.TrySetResult();
                break;
            default:
                Answer(method, default);
                break;
        }
    }

    public void Header(ContentHeader header) => Complete(_content.Header(header));

    public void Body(in ReadOnlySequence<byte> part) => Complete(_content.Body(part));

    /// <summary>Whoever waits here gets the reason; nothing more comes.</summary>
    /// <param name="reason">Why it is closed.</param>
    /// <param name="answer">The last frame of this channel; null where there is none to send.</param>
    public void End(CloseReason reason, MethodFrame? answer = null)
    {
        lock (_lock)
        {
            if (answer is not null)
            {
                client.Output.Write(answer.Finish());
                client.Forget(this);
            }
            if (_reason is not null)
            {
                return;
            }
            _reason = reason;
            _replies.Fail(new AmqpClosedException(reason));
            _closing?.TrySetResult();
        }
        foreach (var consumer in _consumers)
        {
            consumer.Consumer.Ended();
        }
        Closed?.Invoke();
    }

    private void Delivery(ref FieldReader reader)
    {
        var consumer = Find(reader.Short());
        var (tag, isRedelivered) = (reader.UInt64(), reader.Bit());
        _content.Begin(Methods.BasicDeliver, client.Texts.Get(reader.Short()), client.Texts.Get(reader.Short()), tag, isRedelivered, consumer);
    }

    private void Complete(Message? message)
    {
        if (message is null)
        {
            return;
        }
        var (method, consumer) = (_content.Method, _content.Consumer);
        var (exchange, routingKey) = (_content.Exchange, _content.RoutingKey);
        var (tag, isRedelivered) = (_content.Tag, _content.IsRedelivered);
        _content.End();
        if (method == Methods.BasicReturn)
        {
            _confirmations?.Returned(exchange, routingKey, message);
            return;
        }
        lock (_lock)
        {
            _acknowledgements.Delivered(tag);
        }
        var incoming = new Incoming(tag, isRedelivered, ReceivedMessage.From(message, exchange, routingKey));
        if (method == Methods.BasicGetOk)
        {
            Answer(method, new Reply(Message: incoming));
        }
        else
        {
            // Between our cancel and its answer the consumer is still known; a stranger's delivery goes back when the channel ends.
            consumer?.Consumer.Delivered(incoming);
        }
    }

    private void Answer(uint method, Reply reply)
    {
        lock (_lock)
        {
            // After our goodbye answers may still come, and nobody waits for them.
            if (_reason is null)
            {
                _replies.Answer(method, reply);
            }
        }
    }

    private void Cancelled(string tag, bool noWait)
    {
        if (!noWait)
        {
            client.Output.Write(New(Methods.BasicCancelOk).Short(tag).Finish());
        }
        Unregister(tag)?.Consumer.Cancelled();
    }

    private void Register(string tag, IAmqpConsumer consumer)
    {
        lock (_lock)
        {
            _consumers = [.. _consumers, new ClientConsumer(tag, System.Text.Encoding.UTF8.GetBytes(tag), consumer)];
        }
    }

    private ClientConsumer? Unregister(string tag)
    {
        lock (_lock)
        {
            var consumer = Array.Find(_consumers, each => each.Tag == tag);
            _consumers = [.. _consumers.Where(each => each != consumer)];
            return consumer;
        }
    }

    private ClientConsumer? Find(ReadOnlySpan<byte> tag)
    {
        foreach (var consumer in _consumers)
        {
            if (tag.SequenceEqual(consumer.TagBytes))
            {
                return consumer;
            }
        }
        return null;
    }
}
