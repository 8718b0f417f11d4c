using System.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Working.Processes;

/// <summary>A task on its way into a child: the message as it came, where it came from, and the limits that hold now.</summary>
internal sealed record RunOrder(Message Message, string Queue)
{
    /// <summary>The worker's number of the run.</summary>
    public long Job { get; init; }

    public string Exchange { get; init; } = "";

    public string RoutingKey { get; init; } = "";

    public bool Redelivered { get; init; }

    public int? Deaths { get; init; }

    public RunLimits Limits { get; init; } = new(null, null);

    /// <summary>The worker's span of the run; null where nobody listens.</summary>
    public string? TraceParent { get; init; }

    public string? TraceState { get; init; }

    public static RunOrder Of(AdmittedTask task, long job) => new(task.Delivery.Message, task.Delivery.Queue)
    {
        Job = job,
        Exchange = task.Delivery.Exchange,
        RoutingKey = task.Delivery.RoutingKey,
        Redelivered = task.Delivery.Redelivered,
        Deaths = task.Delivery.Deaths,
        Limits = task.Runtime.Limits,
        TraceParent = Activity.Current?.Id,
        TraceState = Activity.Current?.TraceStateString,
    };

    /// <summary>The delivery that the child's runner sees. Nobody settles it: that is the worker's.</summary>
    public Delivery ToDelivery(ITransport transport) => new(transport, Message, Queue, default)
    {
        Exchange = Exchange,
        RoutingKey = RoutingKey,
        Redelivered = Redelivered,
        Deaths = Deaths,
    };

    public ReadOnlyMemory<byte> Encode() => Payload.Write(writer =>
    {
        writer.PutBytes(Message.Body);
        writer.PutBytes(HeaderCodec.Encode(Message.Headers));
        writer.PutText(Message.ContentType);
        writer.PutText(Message.ContentEncoding);
        writer.PutText(Message.CorrelationId);
        writer.PutText(Message.ReplyTo);
        writer.PutText(Message.MessageId);
        writer.PutNumber(Message.Priority);
        writer.PutTime(Message.Expiration);
        writer.Write(Message.Persistent);
        writer.PutText(Queue);
        writer.PutText(Exchange);
        writer.PutText(RoutingKey);
        writer.Write(Redelivered);
        writer.PutNumber(Deaths);
        writer.PutTime(Limits.Hard);
        writer.PutTime(Limits.Soft);
        writer.PutText(TraceParent);
        writer.PutText(TraceState);
        writer.Write(Job);
    });

    public static RunOrder Decode(ReadOnlyMemory<byte> payload)
    {
        using var reader = Payload.Read(payload);
        var message = new Message
        {
            Body = reader.TakeBytes(),
            Headers = MessageHeaders.FromEncoded(reader.TakeBytes()),
            ContentType = reader.TakeText(),
            ContentEncoding = reader.TakeText(),
            CorrelationId = reader.TakeText(),
            ReplyTo = reader.TakeText(),
            MessageId = reader.TakeText(),
            Priority = (byte?)reader.TakeNumber(),
            Expiration = reader.TakeTime(),
            Persistent = reader.ReadBoolean(),
        };
        return new RunOrder(message, reader.TakeRequiredText())
        {
            Exchange = reader.TakeRequiredText(),
            RoutingKey = reader.TakeRequiredText(),
            Redelivered = reader.ReadBoolean(),
            Deaths = reader.TakeNumber(),
            Limits = new RunLimits(reader.TakeTime(), reader.TakeTime()),
            TraceParent = reader.TakeText(),
            TraceState = reader.TakeText(),
            Job = reader.ReadInt64(),
        };
    }
}
