using System.Runtime.InteropServices;

namespace Celeriac.Brokers;

/// <summary>Starts the brokers for a person to try things with, and ends them on Ctrl+C: <c>./build.sh brokers [rabbitmq|activemq|redis|postgres]</c>.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        var which = arguments.FirstOrDefault() ?? "all";
        if (which is not ("all" or "rabbitmq" or "activemq" or "redis" or "postgres"))
        {
            await Console.Error.WriteLineAsync($"'{which}' is no broker of ours. Give 'rabbitmq', 'activemq', 'redis', 'postgres' or nothing for all.");
            return 2;
        }
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        try
        {
            await RunAsync(which, stop.Task);
            return 0;
        }
        catch (BrokerException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }

        void Ask(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.TrySetResult();
        }
    }

    private static async Task RunAsync(string which, Task stop)
    {
        Console.WriteLine("Starting, a few seconds ...");
        await using var rabbit = which is not ("all" or "rabbitmq") ? null : await RabbitMqServer.StartAsync(new RabbitMqOptions { Tls = true });
        await using var active = which is not ("all" or "activemq") ? null : await ActiveMqServer.StartAsync(new ActiveMqOptions { Tls = true });
        await using var redis = which is not ("all" or "redis") ? null : await RedisServer.StartAsync(new RedisOptions { Tls = true });
        await using var postgres = which is not ("all" or "postgres") ? null : await PostgresServer.StartAsync();
        if (rabbit is not null)
        {
            Show(rabbit, "RabbitMQ", rabbit.AmqpUrl, rabbit.AmqpsUrl, rabbit.StompUrl);
            Console.WriteLine($"  authority  {rabbit.AuthorityFile}");
        }
        if (active is not null)
        {
            Show(active, "ActiveMQ", active.StompUrl, active.StompTlsUrl);
            Console.WriteLine($"  authority  {active.AuthorityFile}");
        }
        if (redis is not null)
        {
            Show(redis, "Redis (results)", redis.Url, redis.TlsUrl, redis.SocketUrl);
            Console.WriteLine($"  authority  {redis.AuthorityFile}");
        }
        if (postgres is not null)
        {
            Show(postgres, "PostgreSQL", postgres.Url);
        }
        Console.WriteLine();
        if ((rabbit?.AmqpUrl ?? active?.StompUrl ?? postgres?.Url) is { } url)
        {
            Console.WriteLine($"Try:  dotnet run --project samples/Messaging -- --broker {url}");
        }
        Console.WriteLine("Ctrl+C ends the brokers and deletes their data.");
        await stop;
        Console.WriteLine("Ending the brokers ...");
    }

    private static void Show(BrokerServer server, string name, params string[] urls)
    {
        Console.WriteLine();
        Console.WriteLine($"{name} runs as process {server.ProcessId}");
        foreach (var url in urls)
        {
            Console.WriteLine($"  URL        {url}");
        }
        Console.WriteLine($"  data       {server.Folder}");
    }
}
