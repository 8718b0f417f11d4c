using Celeriac.CommandLine;

namespace Microsoft.Extensions.Hosting;

/// <summary>Makes an application answer Celery's verbs.</summary>
public static class HostCommandLineExtensions
{
    /// <summary>
    /// Runs the host, or the verb that the arguments name: <c>worker</c>, <c>call</c>, <c>result</c>, <c>status</c>, <c>inspect</c>, <c>control</c>, <c>events</c>, <c>purge</c>, <c>quarantine</c>, <c>stubs</c>.
    /// Without a verb the host runs as it was built; <c>worker</c> runs it with the app's worker in it; the others do their work without starting it.
    /// The host is disposed at the end.
    /// </summary>
    /// <param name="host">A host with <c>AddCeleriac</c> that was not started.</param>
    /// <param name="args">The program's arguments.</param>
    /// <returns>The exit code: 0 done, 1 failed, 2 the arguments or settings are wrong, 69 no worker answered, 75 the worker has run <c>--max-tasks</c> and is to be started again, 130 interrupted.</returns>
    public static async Task<int> RunCeleriacAsync(this IHost host, string[] args)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(args);
        using var interrupts = new Interrupts(Interrupts.TermIsQuit(Environment.GetEnvironmentVariable(Interrupts.Remap)));
        return await CommandLineProgram.RunAsync(host, args, Terminal.OfProcess(), interrupts).ConfigureAwait(false);
    }
}
