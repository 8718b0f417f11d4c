using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using Celeriac.Redis.Native;
using Celeriac.Redis.Native.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Tests;

/// <summary>The native form of queues. Each fact has a prefix of its own before every key.</summary>
public sealed class NativeFormTests : IAsyncDisposable
{
    private readonly string _prefix = $"{Guid.NewGuid().ToString("N")[..8]}.";
    private readonly List<IAsyncDisposable> _opened = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Own => $"{_prefix}celeriac-queues:";

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in _opened)
        {
            await opened.DisposeAsync();
        }
    }

    [Fact]
    public async Task Both_forms_live_side_by_side_and_a_queue_of_one_is_refused_in_the_other()
    {
        var (native, kombu) = (Open("form=native"), Open("form=kombu"));
        await native.DeclareAsync(Topology.Queue("ours"), Cancelled);
        await kombu.DeclareAsync(Topology.Queue("theirs"), Cancelled);
        await SharedServer.Server.ControlAsync("LPUSH", $"{_prefix}pythons", "message");
        await native.PublishAsync(Publication.ToQueue("ours", Text("ours")), Cancelled);
        await kombu.PublishAsync(Publication.ToQueue("theirs", Text("theirs")), Cancelled);

        foreach (var (transport, queue, form) in new[] { (native, "theirs", "Kombu's form"), (native, "pythons", "Kombu's form"), (kombu, "ours", "the native form") })
        {
            var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.DeclareAsync(Topology.Queue(queue), Cancelled).AsTask());
            Assert.Contains($"Queue '{queue}' cannot be declared", refusal.Message, StringComparison.Ordinal);
            Assert.Contains(form, refusal.Message, StringComparison.Ordinal);
        }
        Assert.Equal("ours", await TakeAsync(native, "ours"));
        Assert.Equal("theirs", await TakeAsync(kombu, "theirs"));
        // An empty database but for what is declared: nothing of a message is left.
        Assert.Equal("", await SharedServer.Server.ControlAsync("KEYS", $"{Own}[0-9]*"));
    }

    [Fact]
    public async Task A_batch_that_comes_again_or_late_is_answered_as_before_and_not_carried_out()
    {
        var native = Open("form=native");
        await native.DeclareAsync(Topology.Queue("mail"), Cancelled);
        var message = NativeMessage.Write(new StorePut(1, Text("once"), "", "mail"));
        var batch = async (int number) => (string?)await RunAsync(NativeMessageScripts.Commit, ["writer", number, 1, 1, 0, 1, "p", 1, 1, "", message]);
        Assert.Equal(["a", "a", "a", "a"], [await batch(1), await batch(1), await batch(2), await batch(1)]);
        Assert.Equal(2, (await native.CountAsync("mail", Cancelled))!.Ready);
    }

    [Fact]
    public async Task A_take_whose_answer_was_lost_claims_nothing_should_it_arrive_late()
    {
        var native = Open("form=native");
        await native.DeclareAsync(Topology.Queue("mail"), Cancelled);
        await native.PublishAsync(Publication.ToQueue("mail", Text("message")), Cancelled);
        var holder = (long)await RunAsync(new HolderScripts(NativeScripts.Prelude).Register, ["late", 60_000, "1"]);

        Assert.Equal(2, (await RunAsync(NativeMessageScripts.Take, [holder, 2, 0, 0, 1, 1, 1, 1])).Length);
        Assert.Equal(2, (await RunAsync(NativeMessageScripts.Take, [holder, 1, 0, 10, 1, 1, 0])).Length);
        Assert.Equal(3, (await RunAsync(NativeMessageScripts.Take, [holder, 3, 0, 10, 1, 1, 0])).Length);
        // And what the lost one had claimed is given back, as if nobody had seen it.
        var again = (await RunAsync(NativeMessageScripts.Take, [holder, 4, 0, 10, 1, 1, 1, 3]))[2];
        Assert.Equal(("1", 0), ((string?)again[1][0], again[3].Length));
    }

    [Fact]
    public async Task What_is_no_message_is_handed_out_as_unreadable_and_the_next_one_comes()
    {
        var native = Open("form=native");
        await native.DeclareAsync(Topology.Queue("mail"), Cancelled);
        await SharedServer.Server.ControlAsync("HSET", $"{Own}1:messages", "-5", "damaged");
        await SharedServer.Server.ControlAsync("ZADD", $"{Own}1:ready", "-5", "-5");
        await native.PublishAsync(Publication.ToQueue("mail", Text("message")), Cancelled);
        Assert.Equal("application/x-celeriac-unreadable", (await native.GetAsync("mail", Cancelled))!.Message.ContentType);
        Assert.Equal("message", await TakeAsync(native, "mail"));
    }

    [Fact]
    public void A_message_that_is_cut_short_anywhere_is_unreadable()
    {
        var message = Text("body") with { CorrelationId = "id", Priority = 3, Expiration = TimeSpan.FromSeconds(5), Headers = MessageHeaders.Empty.With("task", "math.add") };
        var whole = NativeMessage.Write(new StorePut(1, message, "exchange", "key") { ExpiresAt = 42 });
        var read = NativeMessage.Read(whole);
        Assert.Equal((message, "exchange", "key", 42L), (read.Message with { Body = message.Body }, read.Exchange, read.RoutingKey, read.ExpiresAt));
        // Without its last bytes the body is shorter; a byte more is missing, and it is no message.
        for (var length = 0; length < whole.Length - 4; length++)
        {
            Assert.Equal("application/x-celeriac-unreadable", NativeMessage.Read(whole[..length]).Message.ContentType);
        }
    }

    [Theory]
    [InlineData("form=native&visibility_timeout=1h", "'visibility_timeout'")]
    [InlineData("form=native&priority_steps=0,9", "'priority_steps'")]
    [InlineData("form=streams", "one of kombu, native")]
    public void An_option_without_effect_is_refused(string options, string expected)
    {
        SharedServer.Register();
        Assert.Contains(expected, Assert.Throws<BrokerUrlException>(() => Transports.Create($"redis://localhost/0?{options}")).Message, StringComparison.Ordinal);
    }

    private ITransport Open(string options)
    {
        var transport = Transports.Create($"{SharedServer.Server.Url}?global_keyprefix={_prefix}&{options}");
        _opened.Add(transport);
        return transport;
    }

    private async Task<RedisResult> RunAsync(string script, RedisValue[] arguments)
    {
        await using var server = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{SharedServer.Server.Port}");
        return await server.GetDatabase().ScriptEvaluateAsync(script, null, [Own, .. arguments]);
    }

    private static async Task<string> TakeAsync(ITransport transport, string queue)
    {
        var delivery = (await transport.GetAsync(queue, Cancelled))!;
        await delivery.AckAsync(Cancelled);
        return Encoding.UTF8.GetString(delivery.Message.Body.Span);
    }

    private static Message Text(string text) => new() { Body = Encoding.UTF8.GetBytes(text), ContentType = "text/plain", ContentEncoding = "utf-8" };
}
