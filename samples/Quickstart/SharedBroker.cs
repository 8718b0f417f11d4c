using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Celeriac.Samples;

/// <summary>The broker that was asked for cannot serve this program. The message says why.</summary>
internal sealed class UnsuitableBrokerException(string message) : Exception(message);

/// <summary>Opens the client of a host whose workers are other processes.</summary>
internal static class SharedBroker
{
    /// <exception cref="UnsuitableBrokerException">The broker's URL is wrong, or other processes cannot reach it.</exception>
    internal static TaskClient ClientOf(IHost host)
    {
        try
        {
            var client = host.Services.GetRequiredService<TaskClient>();
            return client.Transport.Capabilities.SharedBetweenProcesses
                ? client
                : throw new UnsuitableBrokerException($"Broker '{client.Transport.Name}' is within one process, and the workers are other processes. Give --broker a URL that both can reach, for example sqlite://tasks.db.");
        }
        catch (OptionsValidationException error)
        {
            throw new UnsuitableBrokerException(error.Message);
        }
    }
}
