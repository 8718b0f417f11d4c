using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Amqp.Library;

/// <summary>A channel of RabbitMQ.Client.</summary>
internal sealed class LibraryChannel : IAmqpChannel
{
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(2);
    private readonly IChannel _channel;
    private readonly Lock _replying = new();
    private readonly LibraryAcknowledgements _acknowledgements;
    private Task _publishing = Task.CompletedTask;

    public LibraryChannel(IChannel channel, bool confirms)
    {
        _channel = channel;
        _acknowledgements = new LibraryAcknowledgements(channel);
        IsExact = !confirms || ExactProperties.TryAllow(channel);
        channel.ChannelShutdownAsync += OnShutdownAsync;
    }

    public event Action? Closed;

    public bool IsOpen => _channel.IsOpen;

    public CloseReason? Reason => LibraryErrors.ReasonOf(_channel.CloseReason);

    public bool IsExact { get; }

    public Task DeclareExchangeAsync(string exchange, string type, bool durable, bool noWait) =>
        CallAsync(() => _channel.ExchangeDeclareAsync(exchange, type, durable, autoDelete: false, noWait: noWait));

    public Task ExpectExchangeAsync(string exchange) => CallAsync(() => _channel.ExchangeDeclarePassiveAsync(exchange, CancellationToken.None));

    public Task DeleteExchangeAsync(string exchange) => CallAsync(() => _channel.ExchangeDeleteAsync(exchange, ifUnused: false, noWait: false, CancellationToken.None));

    public Task BindExchangeAsync(string destination, string source, string routingKey, bool noWait) =>
        CallAsync(() => _channel.ExchangeBindAsync(destination, source, routingKey, noWait: noWait));

    public Task DeclareQueueAsync(QueueDeclaration queue, MessageHeaders arguments, bool noWait) =>
        CallAsync(() => _channel.QueueDeclareAsync(queue.Name, queue.Durable, queue.Exclusive, queue.AutoDelete, Table(arguments), noWait: noWait));

    public Task<QueueCounts> CountAsync(string queue) => CallAsync(async () =>
    {
        var ok = await _channel.QueueDeclarePassiveAsync(queue, CancellationToken.None).ConfigureAwait(false);
        return new QueueCounts(ok.MessageCount) { Consumers = ok.ConsumerCount };
    });

    public Task DeleteQueueAsync(string queue) => CallAsync(() => _channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, noWait: false, CancellationToken.None));

    public Task<long> PurgeAsync(string queue) => CallAsync(async () => (long)await _channel.QueuePurgeAsync(queue, CancellationToken.None).ConfigureAwait(false));

    public Task BindQueueAsync(string queue, string exchange, string routingKey, bool noWait) =>
        CallAsync(() => _channel.QueueBindAsync(queue, exchange, routingKey, noWait: noWait));

    public Task UnbindQueueAsync(string queue, string exchange, string routingKey) =>
        CallAsync(() => _channel.QueueUnbindAsync(queue, exchange, routingKey, null, CancellationToken.None));

    public Task PrefetchAsync(ushort count) => CallAsync(async () =>
    {
        await SendAcknowledgementsAsync().ConfigureAwait(false);
        await _channel.BasicQosAsync(0, count, global: false, CancellationToken.None).ConfigureAwait(false);
    });

    public Task ConsumeAsync(string queue, string tag, MessageHeaders arguments, IAmqpConsumer consumer) => CallAsync(() => _channel.BasicConsumeAsync(
        queue, autoAck: false, tag, noLocal: false, exclusive: false, Table(arguments), new LibraryConsumer(_channel, _acknowledgements, consumer), CancellationToken.None));

    public Task CancelAsync(string tag) => CallAsync(async () =>
    {
        await SendAcknowledgementsAsync().ConfigureAwait(false);
        await _channel.BasicCancelAsync(tag, noWait: false, CancellationToken.None).ConfigureAwait(false);
    });

    public Task<Incoming?> GetAsync(string queue) => CallAsync<Incoming?>(async () =>
    {
        await SendAcknowledgementsAsync().ConfigureAwait(false);
        if (await _channel.BasicGetAsync(queue, autoAck: false, CancellationToken.None).ConfigureAwait(false) is not { } got)
        {
            return null;
        }
        _acknowledgements.Delivered(got.DeliveryTag);
        return new Incoming(got.DeliveryTag, got.Redelivered, ReceivedMessage.From(LibraryProperties.Read(got.BasicProperties, got.Body), got.Exchange, got.RoutingKey));
    });

    public ValueTask AckAsync(ulong tag) => IsOpen ? _acknowledgements.AckAsync(tag) : ValueTask.FromException(new AmqpClosedException(Reason));

    /// <summary>Returns when all that was acknowledged is on its way.</summary>
    public Task SendAcknowledgementsAsync() => _acknowledgements.SendAsync();

    public async ValueTask RejectAsync(ulong tag, bool requeue)
    {
        try
        {
            await _acknowledgements.RejectAsync(tag, requeue).ConfigureAwait(false);
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            throw LibraryErrors.Translate(error, Reason);
        }
    }

    public async ValueTask<bool> ReplyAsync(string queue, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        try
        {
            ValueTask publishing;
            // The library wants one publisher at a time. What it has begun it writes whole, so nobody waits here for the socket.
            lock (_replying)
            {
                publishing = _channel.BasicPublishAsync("", queue, mandatory: false, new LibraryProperties(properties), body, CancellationToken.None);
            }
            await publishing.ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            throw LibraryErrors.Translate(error, Reason);
        }
    }

    public void Confirm(IConfirmations confirmations)
    {
        _channel.BasicAcksAsync += (_, ack) =>
        {
            confirmations.Answered(ack.DeliveryTag, ack.Multiple, isTaken: true);
            return Task.CompletedTask;
        };
        _channel.BasicNacksAsync += (_, nack) =>
        {
            confirmations.Answered(nack.DeliveryTag, nack.Multiple, isTaken: false);
            return Task.CompletedTask;
        };
        _channel.BasicReturnAsync += (_, returned) =>
        {
            confirmations.Returned(returned.Exchange, returned.RoutingKey, LibraryProperties.Read(returned.BasicProperties, returned.Body));
            return Task.CompletedTask;
        };
    }

    public bool TryPublish(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        if (!_publishing.IsCompleted || !IsOpen)
        {
            return false;
        }
        var publishing = BeginPublish(exchange, routingKey, isMandatory, properties, body);
        if (publishing.IsCompletedSuccessfully)
        {
            return true;
        }
        if (publishing.IsCompleted)
        {
            // Nothing of it was written; the publish that waits says why.
            _ = publishing.AsTask().Exception;
            return false;
        }
        _publishing = FinishAsync(publishing);
        return true;
    }

    public void Flush(bool isHere)
    {
        // The library has a loop that writes.
    }

    public async ValueTask PublishAsync(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        await _publishing.ConfigureAwait(false);
        try
        {
            await BeginPublish(exchange, routingKey, isMandatory, properties, body).ConfigureAwait(false);
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            throw LibraryErrors.Translate(error, Reason);
        }
    }

    // No token: a half-sent publication would put the numbers out of step.
    private ValueTask BeginPublish(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body) =>
        _channel.BasicPublishAsync(exchange, routingKey, isMandatory, new LibraryProperties(properties), body, CancellationToken.None);

    /// <summary>A publication that waits for room before the socket. Where it gets none the connection is at its end: it is unconfirmed, as what was written is.</summary>
    private async Task FinishAsync(ValueTask publishing)
    {
        try
        {
            await publishing.ConfigureAwait(false);
        }
        catch (Exception)
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // A server that does not answer is not waited for: its connection ends by the heartbeat.
            await SendAcknowledgementsAsync().WaitAsync(s_closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _channel.CloseAsync(200, "Goodbye", abort: true, CancellationToken.None).WaitAsync(s_closing).ConfigureAwait(false);
            await _channel.DisposeAsync().AsTask().WaitAsync(s_closing).ConfigureAwait(false);
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            // It was closed already.
        }
    }

    private static Dictionary<string, object?>? Table(MessageHeaders arguments) => arguments.Count == 0 ? null : HeaderTable.ToLibrary(arguments);

    private async Task CallAsync(Func<Task> call) => await CallAsync(async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    }).ConfigureAwait(false);

    private async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception error) when (LibraryErrors.IsOfTheChannel(error))
        {
            throw LibraryErrors.Translate(error, Reason);
        }
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        Closed?.Invoke();
        return Task.CompletedTask;
    }
}
