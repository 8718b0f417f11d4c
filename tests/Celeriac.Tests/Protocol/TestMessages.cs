using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

/// <summary>Task messages for tests, good but for what a test changes.</summary>
internal static class TestMessages
{
    public const string GoodBody = """[[2, 2], {"y": "ü\n\"x\""}, {"callbacks": null, "errbacks": null, "chain": [], "chord": null}]""";

    public static Message With(string body = GoodBody, params (string Name, HeaderValue Value)[] headers)
    {
        var all = new Dictionary<string, HeaderValue> { ["task"] = "math.add", ["id"] = "id-1" };
        foreach (var (name, value) in headers)
        {
            all[name] = value;
        }
        return new Message
        {
            Body = Encoding.UTF8.GetBytes(body),
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = "id-1",
            ReplyTo = "replies",
            Headers = new MessageHeaders(all),
        };
    }

    public static HeaderValue List(params HeaderValue[] values) => HeaderValue.From(values);

    public static TaskRequest Read(Message message)
    {
        var decoded = TaskMessageCodec.Decode(message, DecodeLimits.Default);
        Assert.Null(decoded.Fault);
        return decoded.Request!;
    }

    public static DecodeFault Fault(Message message, DecodeLimits? limits = null)
    {
        var decoded = TaskMessageCodec.Decode(message, limits ?? DecodeLimits.Default);
        Assert.Null(decoded.Request);
        return decoded.Fault!;
    }
}
