using System.Diagnostics;
using Celeriac.Messaging;

namespace MessagingSample;

/// <summary>
/// What the messaging layer does, one short act after the other. Each act declares what it needs and cleans up,
/// before (an earlier tour may have been broken off) and after.
/// </summary>
internal sealed class Tour(ITransport transport)
{
    private readonly Publisher _publisher = new(transport);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var time = Stopwatch.StartNew();
        await new Acts.Settling(transport, _publisher).RunAsync(cancellationToken);
        await new Acts.Routing(transport).RunAsync(cancellationToken);
        await new Acts.Bodies(transport, _publisher).RunAsync(cancellationToken);
        Console.WriteLine();
        Console.WriteLine($"That was everything, in {time.Elapsed.TotalSeconds:0.0} s. Change the broker with --broker URL: no other line moves.");
    }

    /// <summary>Prints the heading of an act.</summary>
    internal static void Title(string text)
    {
        Console.WriteLine();
        Console.WriteLine(text);
    }

    /// <summary>Prints a message on its way out.</summary>
    internal static void Sent(string text) => Console.WriteLine($"  → {text}");

    /// <summary>Prints a message that came in.</summary>
    internal static void Received(string text) => Console.WriteLine($"  ← {text}");

    /// <summary>Prints something to know.</summary>
    internal static void Note(string text) => Console.WriteLine($"    {text}");

    /// <summary>Does what the broker cannot do, and prints how it is refused.</summary>
    internal static async Task RefusedAsync(Func<ValueTask> act)
    {
        try
        {
            await act();
            throw new TransportException("What the broker's capabilities do not claim was done all the same.");
        }
        catch (TransportRefusedException refusal)
        {
            Console.WriteLine($"  ✗ {refusal.Message}");
        }
    }

    /// <summary>The next delivery of a consumer that nobody cancels.</summary>
    internal static async Task<Delivery> NextAsync(Consumer consumer, CancellationToken cancellationToken) =>
        await consumer.ReceiveAsync(cancellationToken) ?? throw new TransportException($"Queue '{consumer.Queues[0]}' ended before its message came.");
}
