using Microsoft.Extensions.Hosting;

namespace Celeriac.Pools.Peer;

/// <summary>A service of the host that says when it starts.</summary>
internal sealed class Neighbour : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"neighbour {Environment.ProcessId} starts");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
