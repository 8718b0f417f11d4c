using System.Runtime.InteropServices;
using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.Samples.Quickstart;

/// <summary>Sets up what the story needs, and clears it away whatever happens: a folder, a broker's address, a client.</summary>
internal static class Stage
{
    /// <summary>Tells the story; answers the program's exit code.</summary>
    internal static async Task<int> RunAsync(Func<IHost> buildHost, string? brokerUrl)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            using var folder = new TemporaryFolder("celeriac-quickstart-");
            // The worker processes inherit it. A lease this short makes the dead worker's task come back within a second or two.
            Environment.SetEnvironmentVariable("CELERIAC_BROKER_URL", brokerUrl ?? folder.SqliteUrl("kitchen.db") + "?lease=1s");
            using var host = buildHost();
            var client = host.Services.GetRequiredService<TaskClient>();
            await new Story(client, folder).RunAsync(stopping.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 130;
        }
        // Whatever it was, the workers have been ended on the way here.
        catch (Exception error)
        {
            Narrator.Trouble(error is WorkerEndedException or TransportException or BrokerUrlException or TimeoutException ? error.Message : error.ToString());
            return 1;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }
}
