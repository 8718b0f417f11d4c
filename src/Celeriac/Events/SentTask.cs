using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Events;

/// <summary>What <c>task-sent</c> tells: the message's own headers and where it went.</summary>
internal readonly record struct SentTask(Message Message, string? Queue, string Exchange, string RoutingKey)
{
    public void Write(Utf8JsonWriter writer)
    {
        var headers = Message.Headers;
        writer.WriteString("uuid"u8, headers.TextOf(TaskHeader.Id));
        writer.WriteString("root_id"u8, headers.TextOf(TaskHeader.RootId));
        writer.WriteString("parent_id"u8, headers.TextOf(TaskHeader.ParentId));
        writer.WriteString("name"u8, headers.TextOf(TaskHeader.Task));
        writer.WriteString("args"u8, headers.TextOf(TaskHeader.ArgsRepr));
        writer.WriteString("kwargs"u8, headers.TextOf(TaskHeader.KwargsRepr));
        writer.WriteNumber("retries"u8, 0);
        writer.WriteString("eta"u8, headers.TextOf(TaskHeader.Eta));
        writer.WriteString("expires"u8, headers.TextOf(TaskHeader.Expires));
        writer.WriteString("queue"u8, Queue);
        writer.WriteString("exchange"u8, Exchange);
        writer.WriteString("routing_key"u8, RoutingKey);
    }
}
