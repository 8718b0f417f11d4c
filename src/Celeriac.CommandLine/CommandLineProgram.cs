using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using Celeriac.CommandLine.Verbs;
using Celeriac.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Celeriac.CommandLine;

/// <summary>Arguments → verb → exit code.</summary>
internal static class CommandLineProgram
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Misused = 2;
    // Sysexits' EX_TEMPFAIL: not zero, so that a supervisor that restarts failures does so.
    public const int StartAgain = 75;
    // Celery's code where no worker answers: sysexits' EX_UNAVAILABLE.
    public const int Unavailable = 69;
    public const int Interrupted = 130;

    public static string Version { get; } =
        typeof(CommandLineProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static async Task<int> RunAsync(IHost host, string[] args, Terminal terminal, Interrupts interrupts)
    {
        try
        {
            var parse = CreateRoot(host, terminal, interrupts).Parse(args);
            if (parse.Action is ParseErrorAction)
            {
                ParseFaults.Write(parse, terminal);
                return Misused;
            }
            return await parse.InvokeAsync(
                new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupts.Stop).ConfigureAwait(false);
        }
        catch (Exception error) when (FaultsOf(error) is { } faults)
        {
            faults.ForEach(terminal.Fail);
            return Misused;
        }
        finally
        {
            await DisposeAsync(host).ConfigureAwait(false);
        }
    }

    private static RootCommand CreateRoot(IHost host, Terminal terminal, Interrupts interrupts)
    {
        var global = new GlobalOptions();
        var root = new RootCommand("Without a command the program runs as it was built. The commands are Celery's: for example 'worker -c 8 -Q mail,slow -n w1@%h -l info', or 'call math.add -a [2,3] --wait'.");
        foreach (var option in global.All)
        {
            root.Add(option);
        }
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction();
        root.SetAction(async (parse, _) =>
        {
            Open(parse);
            await host.RunAsync(CancellationToken.None).ConfigureAwait(false);
            return Done;
        });
        root.Add(WorkerVerb.Create(Open));
        root.Add(CallVerb.Create(OpenQuietly));
        root.Add(ResultVerb.Create(OpenQuietly));
        root.Add(StatusVerb.Create(OpenQuietly));
        root.Add(RemoteVerb.Inspect(OpenQuietly));
        root.Add(RemoteVerb.Control(OpenQuietly));
        root.Add(EventsVerb.Create(OpenQuietly));
        root.Add(ChordsVerb.Create(OpenQuietly));
        root.Add(GraphVerb.Create(OpenQuietly));
        root.Add(PauseVerbs.Pause(OpenQuietly));
        root.Add(PauseVerbs.Resume(OpenQuietly));
        root.Add(PurgeVerb.Create(OpenQuietly));
        root.Add(MigrateVerb.Create(OpenQuietly));
        root.Add(QuarantineVerb.Create(OpenQuietly));
        root.Add(StubsVerb.Create(OpenQuietly));
        return root;

        Session Open(ParseResult parse)
        {
            terminal.Configure(parse.GetValue(global.NoColour), parse.GetValue(global.Quiet));
            return new Session(host, parse, global, terminal, interrupts);
        }

        // The verbs that only ask and tell: their output may be another program's input, so nothing is logged into it.
        Session OpenQuietly(ParseResult parse)
        {
            var session = Open(parse);
            session.SetLogLevel(LogLevel.None);
            interrupts.Listen();
            return session;
        }
    }

    /// <summary>Runs a verb's work: what fails is told in one line.</summary>
    public static async Task<int> WorkAsync(Session session, Func<CancellationToken, Task<int>> work)
    {
        try
        {
            return await work(session.Interrupts.Stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (session.Interrupts.Stop.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (Exception error) when (FaultsOf(error) is null)
        {
            session.Terminal.Fail(error.Message);
            return Failed;
        }
    }

    /// <summary>The sentences of an error that the caller can cure by other arguments or settings; null for another.</summary>
    private static List<string>? FaultsOf(Exception error) => error switch
    {
        OptionsValidationException options => [.. options.Failures],
        AggregateException several when several.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            [.. several.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures)],
        BrokerUrlException or UsageException => [error.Message],
        _ => null,
    };

    private static async ValueTask DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            host.Dispose();
        }
    }

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"celeriac {Version}");
            return Done;
        }
    }
}
