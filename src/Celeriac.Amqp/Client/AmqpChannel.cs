using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Client;

/// <summary>A channel: what is asked here goes out, what comes in is in the other file.</summary>
internal sealed partial class AmqpChannel(AmqpClient client, ushort number) : IAmqpChannel, IGathered
{
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(2);
    private static readonly CloseReason s_goodbye = new(false, 200, "Goodbye");
    private readonly Lock _lock = new();
    private readonly PendingReplies _replies = new();
    private readonly Acknowledgements _acknowledgements = new();
    private volatile CloseReason? _reason;
    private TaskCompletionSource? _closing;

    public event Action? Closed;

    public bool IsOpen => _reason is null && Volatile.Read(ref _closing) is null && client.IsOpen;

    public CloseReason? Reason => _reason ?? client.Reason;

    public bool IsExact => true;

    public ushort Number => number;

    public Task OpenAsync(bool confirms)
    {
        var opened = AskAsync(New(Methods.ChannelOpen).Short(""), Methods.ChannelOpen);
        return confirms ? Task.WhenAll(opened, AskAsync(New(Methods.ConfirmSelect).Bits(false), Methods.ConfirmSelect)) : opened;
    }

    public Task DeclareExchangeAsync(string exchange, string type, bool durable, bool noWait) => TellAsync(
        New(Methods.ExchangeDeclare).UInt16(0).Short(exchange).Short(type).Bits(false, durable, fifth: noWait).Table(MessageHeaders.Empty), Methods.ExchangeDeclare, noWait);

    public Task ExpectExchangeAsync(string exchange) => TellAsync(
        New(Methods.ExchangeDeclare).UInt16(0).Short(exchange).Short("").Bits(first: true).Table(MessageHeaders.Empty), Methods.ExchangeDeclare);

    public Task DeleteExchangeAsync(string exchange) => TellAsync(New(Methods.ExchangeDelete).UInt16(0).Short(exchange).Bits(false), Methods.ExchangeDelete);

    public Task BindExchangeAsync(string destination, string source, string routingKey, bool noWait) => TellAsync(
        New(Methods.ExchangeBind).UInt16(0).Short(destination).Short(source).Short(routingKey).Bits(noWait).Table(MessageHeaders.Empty), Methods.ExchangeBind, noWait);

    public Task DeclareQueueAsync(QueueDeclaration queue, MessageHeaders arguments, bool noWait) => TellAsync(
        New(Methods.QueueDeclare).UInt16(0).Short(queue.Name).Bits(false, queue.Durable, queue.Exclusive, queue.AutoDelete, noWait).Table(arguments), Methods.QueueDeclare, noWait);

    public async Task<QueueCounts> CountAsync(string queue)
    {
        var counted = await AskAsync(New(Methods.QueueDeclare).UInt16(0).Short(queue).Bits(first: true).Table(MessageHeaders.Empty), Methods.QueueDeclare).ConfigureAwait(false);
        return new QueueCounts(counted.First) { Consumers = (int)counted.Second };
    }

    public Task DeleteQueueAsync(string queue) => TellAsync(New(Methods.QueueDelete).UInt16(0).Short(queue).Bits(false), Methods.QueueDelete);

    public async Task<long> PurgeAsync(string queue) =>
        (await AskAsync(New(Methods.QueuePurge).UInt16(0).Short(queue).Bits(false), Methods.QueuePurge).ConfigureAwait(false)).First;

    public Task BindQueueAsync(string queue, string exchange, string routingKey, bool noWait) => TellAsync(
        New(Methods.QueueBind).UInt16(0).Short(queue).Short(exchange).Short(routingKey).Bits(noWait).Table(MessageHeaders.Empty), Methods.QueueBind, noWait);

    public Task UnbindQueueAsync(string queue, string exchange, string routingKey) => TellAsync(
        New(Methods.QueueUnbind).UInt16(0).Short(queue).Short(exchange).Short(routingKey).Table(MessageHeaders.Empty), Methods.QueueUnbind);

    public Task PrefetchAsync(ushort count) => TellAsync(New(Methods.BasicQos).UInt32(0).UInt16(count).Bits(false), Methods.BasicQos);

    public Task ConsumeAsync(string queue, string tag, MessageHeaders arguments, IAmqpConsumer consumer)
    {
        // Before the question: deliveries may come right behind the answer.
        Register(tag, consumer);
        return TellAsync(New(Methods.BasicConsume).UInt16(0).Short(queue).Short(tag).Bits(false).Table(arguments), Methods.BasicConsume);
    }

    public Task CancelAsync(string tag) => TellAsync(New(Methods.BasicCancel).Short(tag).Bits(false), Methods.BasicCancel);

    public async Task<Incoming?> GetAsync(string queue) =>
        (await AskAsync(New(Methods.BasicGet).UInt16(0).Short(queue).Bits(false), Methods.BasicGet).ConfigureAwait(false)).Message;

    public ValueTask AckAsync(ulong tag)
    {
        bool isLast;
        lock (_lock)
        {
            ThrowIfClosed();
            if (_acknowledgements.IsEmpty)
            {
                client.Output.Gather(this);
            }
            _acknowledgements.Done(tag);
            isLast = !_acknowledgements.HasRunning;
        }
        client.Output.Flush(isHere: isLast);
        return ValueTask.CompletedTask;
    }

    public ValueTask RejectAsync(ulong tag, bool requeue)
    {
        lock (_lock)
        {
            ThrowIfClosed();
            _acknowledgements.Leave(tag);
            WriteSettlement(Methods.BasicReject, tag, requeue);
        }
        client.Output.Flush(isHere: false);
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> ReplyAsync(string queue, AmqpProperties properties, ReadOnlyMemory<byte> body) => ValueTask.FromResult(TryPublish("", queue, isMandatory: false, properties, body));

    public void Flush(bool isHere) => client.Output.Flush(isHere);

    public bool TryPublish(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        var most = MessageFrames.PublishSize(exchange, routingKey, properties) + MessageFrames.BodySize(body.Length, client.FrameLimit);
        if (most > client.FrameLimit || !client.Output.HasRoom)
        {
            return false;
        }
        lock (_lock)
        {
            if (!IsOpen)
            {
                return false;
            }
            client.Output.Write(most, (Channel: this, exchange, routingKey, isMandatory, properties, body), static (target, message) => message.Channel.WriteWhole(target, message));
            return true;
        }
    }

    /// <summary>Only one publishes on a channel at a time; a large body goes frame by frame, as the server takes it.</summary>
    public async ValueTask PublishAsync(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        await client.Output.RoomAsync().ConfigureAwait(false);
        Send(MessageFrames.PublishSize(exchange, routingKey, properties), (number, exchange, routingKey, isMandatory, properties, body.Length), static (target, message) =>
            MessageFrames.WritePublish(target, message.number, message.exchange, message.routingKey, message.isMandatory, message.properties, message.Length));
        while (!body.IsEmpty)
        {
            await client.Output.RoomAsync().ConfigureAwait(false);
            var part = body[..Math.Min(body.Length, MessageFrames.Step(client.FrameLimit))];
            Send(part.Length + Frame.Overhead, (number, part), static (target, body) => MessageFrames.WriteBodyFrame(target, body.number, body.part.Span));
            body = body[part.Length..];
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task closed;
        lock (_lock)
        {
            if (_closing is null)
            {
                _closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_reason is not null)
                {
                    _closing.TrySetResult();
                }
                else
                {
                    WriteAcknowledgements();
                    // The last frame of this channel: whatever followed it would cost the connection.
                    client.Output.Write(New(Methods.ChannelClose).UInt16(200).Short("Goodbye").UInt32(0).Finish());
                }
            }
            closed = _closing.Task;
        }
        // A server that does not answer is not waited for: its connection ends by the heartbeat.
        await closed.WaitAsync(s_closing, client.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        End(s_goodbye);
    }

    private int WriteWhole(Span<byte> target, (AmqpChannel Channel, string Exchange, string RoutingKey, bool IsMandatory, AmqpProperties Properties, ReadOnlyMemory<byte> Body) message)
    {
        var length = MessageFrames.WritePublish(target, number, message.Exchange, message.RoutingKey, message.IsMandatory, message.Properties, message.Body.Length);
        return length + MessageFrames.WriteBody(target[length..], number, message.Body.Span, client.FrameLimit);
    }

    void IGathered.WriteGathered()
    {
        lock (_lock)
        {
            if (IsOpen)
            {
                WriteAcknowledgements();
            }
        }
    }

    private MethodFrame New(uint method) => new(number, method);

    /// <summary>Whatever is sent on the channel comes behind what was acknowledged before it.</summary>
    private void WriteAcknowledgements()
    {
        if (!_acknowledgements.IsEmpty)
        {
            _acknowledgements.Take(this, static (channel, tag, upTo) => channel.WriteSettlement(Methods.BasicAck, tag, upTo));
        }
    }

    private void WriteSettlement(uint method, ulong tag, bool flag) => client.Output.Write(MessageFrames.SettlementSize, (number, method, tag, flag), static (target, settlement) =>
        MessageFrames.WriteSettlement(target, settlement.number, settlement.method, settlement.tag, settlement.flag));

    private void Send<TState>(int most, TState state, WriteFrames<TState> write)
    {
        lock (_lock)
        {
            ThrowIfClosed();
            client.Output.Write(most, state, write);
        }
        client.Output.Flush(isHere: false);
    }

    private async Task TellAsync(MethodFrame frame, uint method, bool noWait = false)
    {
        if (!noWait)
        {
            await AskAsync(frame, method).ConfigureAwait(false);
            return;
        }
        lock (_lock)
        {
            ThrowIfClosed();
            WriteAcknowledgements();
            client.Output.Write(frame.Finish());
        }
    }

    private async Task<Reply> AskAsync(MethodFrame frame, uint method)
    {
        Task<Reply> reply;
        lock (_lock)
        {
            ThrowIfClosed();
            WriteAcknowledgements();
            // Together: the answers come in the order of the questions.
            reply = _replies.Add(method);
            client.Output.Write(frame.Finish());
        }
        return await reply.WaitAsync(client.Patience, client.Time).ConfigureAwait(false);
    }

    private void ThrowIfClosed()
    {
        if (!IsOpen)
        {
            throw new AmqpClosedException(Reason ?? s_goodbye);
        }
    }
}
