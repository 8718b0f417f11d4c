using System.Diagnostics;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

/// <summary>What tests against a server have in common: transports that are disposed, names of their own, waits with an end.</summary>
public abstract class AmqpTest : IAsyncDisposable
{
    private readonly List<ITransport> _opened = [];
    private readonly string _place = Guid.NewGuid().ToString("N")[..8];

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected string NameOf(string stem) => $"{stem}-{_place}";

    internal AmqpTransport Open(string url, Func<AmqpOptions, AmqpOptions>? change = null)
    {
        var parsed = BrokerUrl.Parse(url);
        var options = AmqpOptions.From(parsed);
        var transport = new AmqpTransport(parsed, change is null ? options : change(options), new TransportContext());
        _opened.Add(transport);
        return transport;
    }

    internal AmqpTransport OpenShared(string options = "") => Open(SharedServer.Server.AmqpUrl + options);

    /// <summary>The URL of a virtual host of the test's own on the shared server.</summary>
    protected async Task<string> OwnVirtualHostAsync()
    {
        var name = NameOf("host");
        await SharedServer.Server.ControlAsync("add_vhost", name);
        await SharedServer.Server.ControlAsync("set_permissions", "-p", name, "guest", ".*", ".*", ".*");
        return SharedServer.Server.AmqpUrl + name;
    }

    protected async Task<string> DeclareAsync(ITransport transport, string stem = "queue", Func<QueueDeclaration, QueueDeclaration>? shape = null)
    {
        var queue = new QueueDeclaration(NameOf(stem));
        await transport.DeclareAsync(new Topology { Queues = [shape is null ? queue : shape(queue)] }, Cancelled);
        return queue.Name;
    }

    protected static Message Text(string body) => new() { Body = Encoding.UTF8.GetBytes(body), ContentType = "text/plain", ContentEncoding = "utf-8" };

    protected static string TextOf(Delivery delivery) => Encoding.UTF8.GetString(delivery.Message.Body.Span);

    protected static ValueTask SendAsync(ITransport transport, string queue, string body) => transport.PublishAsync(Publication.ToQueue(queue, Text(body)), Cancelled);

    protected static async Task<Delivery> ReceiveAsync(ISubscription subscription) =>
        Assert.IsType<Delivery>(await subscription.ReceiveAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled));

    /// <summary>Runs a Python program with Debian's own Python, which has pika, and answers what it printed.</summary>
    protected static async Task<string> PythonAsync(string program, params string[] arguments)
    {
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = python.StandardError.ReadToEndAsync(Cancelled);
        var output = await python.StandardOutput.ReadToEndAsync(Cancelled);
        await python.WaitForExitAsync(Cancelled);
        Assert.True(python.ExitCode == 0, await errors);
        return output.Trim();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _opened)
        {
            await transport.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }
}
