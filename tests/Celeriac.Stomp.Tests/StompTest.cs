using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Celeriac.Brokers;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests;

/// <summary>What tests of this transport have in common: transports that are disposed, names of their own, waits with an end.</summary>
public abstract class StompTest : IAsyncLifetime
{
    /// <summary>How many milliseconds a fact may take.</summary>
    protected const int Limit = 180_000;

    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<IAsyncDisposable> _opened = [];
    private readonly string _place = Guid.NewGuid().ToString("N")[..8];

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    protected static async Task<ActiveMqServer> ActiveMqAsync() => (await TestContext.Current.GetFixture<ActiveMqFixture>())!.Server;

    protected static async Task<RabbitMqServer> RabbitMqAsync() => (await TestContext.Current.GetFixture<RabbitMqFixture>())!.Server;

    protected string NameOf(string stem) => $"{stem}-{_place}";

    protected T Own<T>(T opened) where T : IAsyncDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    protected ITransport Open(string url, TransportContext? context = null) =>
        Own(new StompTransportFactory().Create(BrokerUrl.Parse(url), context ?? new TransportContext()));

    /// <summary>A transport on the ActiveMQ of all tests.</summary>
    protected async Task<ITransport> OpenActiveMqAsync(string options = "") => Open((await ActiveMqAsync()).StompUrl + options);

    /// <summary>A transport on the RabbitMQ of all tests.</summary>
    protected async Task<ITransport> OpenRabbitMqAsync(string options = "") => Open((await RabbitMqAsync()).StompUrl + options);

    /// <summary>A client that knows nothing of queues.</summary>
    protected async Task<StompClient> RawAsync(string url)
    {
        var server = BrokerUrl.Parse(url);
        return Own(await StompClient.ConnectAsync(
            new StompClientOptions { Host = server.Host, Port = server.Port!.Value, Login = server.User, Passcode = server.Password, VirtualHost = "/" }, null, Cancelled));
    }

    /// <summary>What a client gets from a destination, as it comes, unacknowledged.</summary>
    protected static async Task<ChannelReader<StompFrame>> ListenAsync(StompClient client, string destination, params KeyValuePair<string, string>[] headers)
    {
        var frames = Channel.CreateUnbounded<StompFrame>();
        await client.SubscribeAsync(
            new StompSubscriptionOptions
            {
                Id = Guid.NewGuid().ToString("N"),
                Destination = destination,
                AckMode = StompAckMode.ClientIndividual,
                Headers = StompHeaders.Create(headers),
            },
            frame => frames.Writer.TryWrite(frame), Cancelled);
        return frames.Reader;
    }

    protected static async Task<StompFrame> NextAsync(ChannelReader<StompFrame> frames) =>
        await frames.ReadAsync(Cancelled).AsTask().WaitAsync(Patience, Cancelled);

    protected async Task<string> DeclareAsync(ITransport transport, string stem = "queue", Func<QueueDeclaration, QueueDeclaration>? shape = null)
    {
        var queue = new QueueDeclaration(NameOf(stem));
        await transport.DeclareAsync(new Topology { Queues = [shape is null ? queue : shape(queue)] }, Cancelled);
        return queue.Name;
    }

    protected static Message Text(string body) => new() { Body = Encoding.UTF8.GetBytes(body), ContentType = "text/plain", ContentEncoding = "utf-8" };

    protected static Message WithHeaders(string body, params KeyValuePair<string, HeaderValue>[] headers) => Text(body) with { Headers = new MessageHeaders(headers) };

    protected static Message WithHeader(string body, string name, HeaderValue value) => WithHeaders(body, new KeyValuePair<string, HeaderValue>(name, value));

    protected static string TextOf(Delivery delivery) => Encoding.UTF8.GetString(delivery.Message.Body.Span);

    protected static ValueTask SendAsync(ITransport transport, string queue, string body) => SendAsync(transport, queue, Text(body));

    protected static ValueTask SendAsync(ITransport transport, string queue, Message message) => transport.PublishAsync(Publication.ToQueue(queue, message), Cancelled);

    protected static async Task<ISubscription> SubscribeAsync(ITransport transport, string queue, int prefetch = 10) =>
        await transport.SubscribeAsync(new SubscriptionOptions([queue], prefetch), Cancelled);

    protected static async Task<Delivery> ReceiveAsync(ISubscription subscription) =>
        Assert.IsType<Delivery>(await subscription.ReceiveAsync(Cancelled).AsTask().WaitAsync(Patience, Cancelled));

    /// <summary>Takes the next message of a queue, or fails.</summary>
    protected static async Task<Delivery> TakeAsync(ITransport transport, string queue)
    {
        var delivery = Assert.IsType<Delivery>(await transport.GetAsync(queue, Cancelled));
        Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
        return delivery;
    }

    /// <summary>Takes and acknowledges what a queue has now.</summary>
    protected static async Task<List<string>> DrainAsync(ITransport transport, string queue)
    {
        var texts = new List<string>();
        while (await transport.GetAsync(queue, Cancelled) is { } delivery)
        {
            texts.Add(TextOf(delivery));
            await delivery.AckAsync(Cancelled);
        }
        return texts;
    }

    protected static async Task<string> RefusalOfAsync(Func<ValueTask> call) =>
        (await Assert.ThrowsAnyAsync<TransportRefusedException>(() => call().AsTask())).Message;

    /// <summary>Asks again until the answer is as expected, for what no message announces.</summary>
    protected static async Task EventuallyAsync(Func<Task<bool>> asExpected, string expectation)
    {
        var started = Stopwatch.GetTimestamp();
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await asExpected())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"Not within {Patience.TotalSeconds} s: {expectation}.");
            await beat.WaitForNextTickAsync(Cancelled);
        }
    }

    /// <summary>Runs a Python program with Debian's own Python, which has stomp and pika, and answers what it printed.</summary>
    protected static async Task<string> PythonAsync(string program, params string[] arguments)
    {
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = python.StandardError.ReadToEndAsync(Cancelled);
        var output = await python.StandardOutput.ReadToEndAsync(Cancelled);
        await python.WaitForExitAsync(Cancelled);
        Assert.True(python.ExitCode == 0, await errors);
        return output.Trim();
    }
}
