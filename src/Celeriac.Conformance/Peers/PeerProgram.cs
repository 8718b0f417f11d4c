using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// The second process of the facts that need one. A transport's peer is a console program of two lines: it registers the transport and calls
/// <see cref="RunAsync"/>. The fact writes commands to its standard input, a line each, and waits for the lines that answer.
/// </summary>
/// <remarks>
/// <c>publish QUEUE COUNT PREFIX</c> answers <c>confirmed BODY</c> for each message and <c>published</c> ·
/// <c>stamp QUEUE</c> publishes the time in microseconds and answers <c>stamped</c> ·
/// <c>consume QUEUE COUNT</c> acknowledges and answers <c>got BODY</c> for each and <c>consumed</c> ·
/// <c>work QUEUE</c> does so until <c>stop</c>, which answers <c>stopped</c> ·
/// <c>hold QUEUE COUNT</c> answers <c>held BODY</c> for each, and <c>ack</c>, <c>reject</c> and <c>requeue</c> settle what is held and answer the status of each ·
/// <c>bind EXCHANGE QUEUE KEY</c> answers <c>bound</c> ·
/// <c>write KEY CONTENT</c> writes a document and answers <c>written</c> ·
/// <c>exit</c> disposes the transport and ends. A failure answers <c>error TEXT</c>.
/// </remarks>
public static class PeerProgram
{
    /// <summary>Connects to the URL that is the first argument, says <c>ready</c>, and obeys until <c>exit</c> or the end of the input.</summary>
    /// <returns>The exit code: 0, or 2 where the URL is missing.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args is not [var url])
        {
            await Console.Error.WriteLineAsync("The peer program got no broker URL. It is started by the conformance suite with one argument, the URL.");
            return 2;
        }
        await using var transport = await Transports.ConnectAsync(url);
        await using var verbs = new PeerVerbs(transport, Console.Out);
        await Console.Out.WriteLineAsync("ready");
        while (await Console.In.ReadLineAsync() is { } command && command != "exit")
        {
            await ObeyAsync(verbs, command);
        }
        return 0;
    }

    private static async Task ObeyAsync(PeerVerbs verbs, string command)
    {
        try
        {
            await verbs.ObeyAsync(command.Split(' '));
        }
#pragma warning disable CA1031 // Whatever it is, the fact on the other side must see it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await Console.Out.WriteLineAsync($"error {failure.GetType().Name} {failure.Message}");
        }
    }
}
