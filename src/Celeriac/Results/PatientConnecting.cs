using Celeriac.Messaging;

namespace Celeriac.Results;

/// <summary>Waiting for a broker before something that depends on which server it is and what it can do.</summary>
internal static class PatientConnecting
{
    /// <summary>Connects at once where a pause between two tries is under way, and waits as long as a publish would.</summary>
    /// <exception cref="TransportException">There was no connection in time; or, as <see cref="TransportRefusedException"/>, the server refuses.</exception>
    public static async Task ConnectPatientlyAsync(this ITransport transport)
    {
        // The try itself may fail before the patience ends, and another may succeed: who waits for the connection hears of it, whichever makes it.
        var connecting = transport.ConnectAsync(CancellationToken.None).AsTask();
        await transport.DeclareAsync(new Topology(), CancellationToken.None).ConfigureAwait(false);
        if (connecting.IsCompletedSuccessfully)
        {
            return;
        }
        _ = connecting.ContinueWith(static tried => _ = tried.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
