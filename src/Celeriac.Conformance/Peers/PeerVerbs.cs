using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>What the peer program can do.</summary>
internal sealed class PeerVerbs(ITransport transport, TextWriter output) : IAsyncDisposable
{
    private readonly List<ISubscription> _holding = [];
    private readonly List<Delivery> _held = [];
    private ISubscription? _work;
    private Task _working = Task.CompletedTask;

    public Task ObeyAsync(string[] command) => command switch
    {
        ["publish", var queue, var count, var prefix] => PublishAsync(queue, Number(count), prefix),
        ["stamp", var queue] => StampAsync(queue),
        ["consume", var queue, var count] => ConsumeAsync(queue, Number(count)),
        ["work", var queue] => WorkAsync(queue),
        ["stop"] => StopAsync(),
        ["hold", var queue, var count] => HoldAsync(queue, Number(count)),
        ["ack"] => SettleAsync(Settlement.Ack),
        ["reject"] => SettleAsync(Settlement.Reject),
        ["requeue"] => SettleAsync(Settlement.Requeue),
        ["bind", var exchange, var queue, var key] => BindAsync(exchange, queue, key),
        ["write", var key, var content] => WriteAsync(key, content),
        _ => throw new ArgumentException($"The peer does not know the command '{string.Join(' ', command)}'."),
    };

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var subscription in _holding)
        {
            await subscription.DisposeAsync();
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private async Task PublishAsync(string queue, int count, string prefix)
    {
        for (var number = 0; number < count; number++)
        {
            await PublishAsync(queue, $"{prefix}{number}");
            await output.WriteLineAsync($"confirmed {prefix}{number}");
        }
        await output.WriteLineAsync("published");
    }

    private async Task PublishAsync(string queue, string body) =>
        await transport.PublishAsync(Publication.ToQueue(queue, new Message { Body = Encoding.UTF8.GetBytes(body) }));

    private async Task StampAsync(string queue)
    {
        var now = TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond;
        await PublishAsync(queue, now.ToString(CultureInfo.InvariantCulture));
        await output.WriteLineAsync("stamped");
    }

    private async Task ConsumeAsync(string queue, int count)
    {
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]));
        for (var consumed = 0; consumed < count; consumed++)
        {
            await AcknowledgeAsync((await subscription.ReceiveAsync())!);
        }
        await output.WriteLineAsync("consumed");
    }

    private async Task AcknowledgeAsync(Delivery delivery)
    {
        var status = await delivery.AckAsync();
        await output.WriteLineAsync($"{(status == CompletionStatus.Applied ? "got" : "lost")} {TextOf(delivery)}");
    }

    private async Task WorkAsync(string queue)
    {
        var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]));
        _work = subscription;
        _working = Task.Run(async () =>
        {
            while (await subscription.ReceiveAsync() is { } delivery)
            {
                await AcknowledgeAsync(delivery);
            }
        });
    }

    private async Task StopAsync()
    {
        if (_work is null)
        {
            return;
        }
        await _work.CancelAsync();
        await _working;
        await _work.DisposeAsync();
        _work = null;
        await output.WriteLineAsync("stopped");
    }

    private async Task HoldAsync(string queue, int count)
    {
        var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue], count));
        _holding.Add(subscription);
        for (var held = 0; held < count; held++)
        {
            var delivery = (await subscription.ReceiveAsync())!;
            _held.Add(delivery);
            await output.WriteLineAsync($"held {TextOf(delivery)}");
        }
    }

    private async Task SettleAsync(Settlement settlement)
    {
        foreach (var delivery in _held)
        {
            var status = await delivery.CompleteAsync(new Completion(delivery, settlement));
            await output.WriteLineAsync(status.ToString());
        }
        _held.Clear();
    }

    private async Task BindAsync(string exchange, string queue, string key)
    {
        await transport.DeclareAsync(new Topology { Bindings = [new Binding(exchange, queue, key)] });
        await output.WriteLineAsync("bound");
    }

    private async Task WriteAsync(string key, string content)
    {
        await transport.Documents!.WriteAsync([new Document(key, Encoding.UTF8.GetBytes(content))]);
        await output.WriteLineAsync("written");
    }

    private static string TextOf(Delivery delivery) => Encoding.UTF8.GetString(delivery.Message.Body.Span);
}
