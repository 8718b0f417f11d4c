using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Celeriac.Amqp.Tests;
using Celeriac.Messaging;

[assembly: AssemblyFixture(typeof(RabbitMqFixture))]

namespace Celeriac.Amqp.Tests;

/// <summary>The server that all tests share which do not stop it.</summary>
public sealed class RabbitMqFixture : IAsyncLifetime
{
    private static RabbitMqNode? s_node;

    static RabbitMqFixture() => Register();

    public static RabbitMqNode Node => s_node ?? throw new InvalidOperationException("The server was not started.");

    public static void Register()
    {
        var factory = new AmqpTransportFactory();
        Transports.Add("amqp", factory);
        Transports.Add("amqps", factory);
    }

    public async ValueTask InitializeAsync()
    {
        s_node = new RabbitMqNode();
        await s_node.StartAsync();
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>A RabbitMQ server of one's own: private ports, private data, ended by its own process ids.</summary>
public sealed class RabbitMqNode(string moreConfiguration = "", string plugins = "") : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-rabbitmq-");
    private readonly int _distribution = FreePort();
    private readonly int _epmd = FreePort();
    private Process? _portMapper;
    private Process? _server;

    public int Port { get; } = FreePort();

    public string Url => UrlOf(Port);

    public static string UrlOf(int port) => $"amqp://guest:guest@127.0.0.1:{port}/";

    public string FileOf(string name) => Path.Combine(_folder.FullName, name);

    public async Task StartAsync()
    {
        await File.WriteAllTextAsync(FileOf("rabbitmq.conf"),
            $"listeners.tcp.1 = 127.0.0.1:{Port}\nloopback_users = none\nlog.console = false\ndisk_free_limit.absolute = 50MB\n{moreConfiguration}\n");
        await File.WriteAllTextAsync(FileOf("plugins"), $"[{plugins}].\n");
        WriteCookie();
        File.Delete(FileOf("pid"));
        _portMapper ??= Run("epmd", "-port", $"{_epmd}", "-address", "127.0.0.1");
        _server = Run("/usr/lib/rabbitmq/bin/rabbitmq-server");
        await Control("wait", FileOf("pid"), "--timeout", "60");
    }

    /// <summary>Ends the server in good order.</summary>
    public async Task StopAsync()
    {
        await Control("stop", FileOf("pid"));
        await _server!.WaitForExitAsync().WaitAsync(s_patience);
        _server.Dispose();
        _server = null;
    }

    /// <summary>Runs <c>rabbitmqctl</c> and answers what it wrote.</summary>
    public async Task<string> Control(params string[] arguments)
    {
        using var process = Run("/usr/lib/rabbitmq/bin/rabbitmqctl", ["-n", NodeName, .. arguments]);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.True(process.ExitCode == 0, $"rabbitmqctl {string.Join(' ', arguments)}: {await output} {await errors}");
        return await output;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _server, _portMapper })
        {
            if (process is { HasExited: false })
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }
            process?.Dispose();
        }
        _folder.Delete(recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Server and control program would each make one of their own.</summary>
    private void WriteCookie()
    {
        var cookie = new FileInfo(FileOf(".erlang.cookie"));
        if (!cookie.Exists)
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead;
            }
            using var writer = new StreamWriter(cookie.FullName, options);
            writer.Write(Guid.NewGuid().ToString("N"));
        }
    }

    private string NodeName => $"celeriac{Port}@localhost";

    private Process Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.FullName };
        (string Name, string Value)[] environment =
        [
            ("HOME", _folder.FullName), ("ERL_EPMD_PORT", $"{_epmd}"), ("ERL_EPMD_ADDRESS", "127.0.0.1"), ("RABBITMQ_NODENAME", NodeName),
            ("RABBITMQ_DIST_PORT", $"{_distribution}"), ("RABBITMQ_MNESIA_BASE", FileOf("data")), ("RABBITMQ_LOG_BASE", FileOf("log")),
            ("RABBITMQ_CONFIG_FILE", FileOf("rabbitmq")), ("RABBITMQ_ENABLED_PLUGINS_FILE", FileOf("plugins")), ("RABBITMQ_PID_FILE", FileOf("pid")),
            ("RABBITMQ_CONF_ENV_FILE", FileOf("no-environment")), ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none"),
        ];
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        var process = Process.Start(start)!;
        if (program != "/usr/lib/rabbitmq/bin/rabbitmqctl")
        {
            // A full pipe would stop it.
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }
        return process;
    }
}
