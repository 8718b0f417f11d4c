using System.Diagnostics;

namespace Celeriac.Brokers;

/// <summary>A RabbitMQ server with the STOMP plug-in, as Debian packages it. Runs as any user.</summary>
public sealed class RabbitMqServer : BrokerServer
{
    // Debian's /usr/sbin/rabbitmq-server changes the user and the folders; this is the program behind it.
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private const string Control = "/usr/lib/rabbitmq/bin/rabbitmqctl";

    // One session holds both, so that both end together. The server's own port mapper would detach itself.
    private const string Launcher = "epmd -port \"$ERL_EPMD_PORT\" -address 127.0.0.1 & exec \"$@\"";
    private readonly RabbitMqOptions _options;
    private readonly string _node;
    private readonly int _amqp, _amqps, _stomp, _distribution, _mapper;

    private RabbitMqServer(RabbitMqOptions options) : base("rabbitmq")
    {
        _options = options;
        _node = $"celeriac-{Guid.NewGuid().ToString("n")[..12]}@localhost";
        if (FreePorts.Find(5) is [var amqp, var amqps, var stomp, var distribution, var mapper])
        {
            (_amqp, _amqps, _stomp, _distribution, _mapper) = (amqp, amqps, stomp, distribution, mapper);
        }
    }

    /// <summary>The AMQP URL: <c>amqp://guest:guest@127.0.0.1:port/</c>, virtual host <c>/</c>.</summary>
    public string AmqpUrl => $"amqp://guest:guest@127.0.0.1:{_amqp}/";

    /// <summary>The port of <see cref="AmqpUrl"/>.</summary>
    public int AmqpPort => _amqp;

    /// <summary>The AMQP URL with TLS.</summary>
    public string AmqpsUrl => $"amqps://guest:guest@127.0.0.1:{RequireTls(_amqps)}/";

    /// <summary>The STOMP URL.</summary>
    public string StompUrl => $"stomp://guest:guest@127.0.0.1:{_stomp}/";

    /// <summary>The port of <see cref="StompUrl"/>.</summary>
    public int StompPort => _stomp;

    /// <summary>The certificate of the authority that a TLS client must trust.</summary>
    public string AuthorityFile { get; private set; } = "";

    private protected override TimeSpan StartTimeout => _options.StartTimeout;

    /// <summary>Starts a server; returns once AMQP and STOMP answer.</summary>
    /// <exception cref="BrokerNotInstalledException">RabbitMQ is not installed.</exception>
    /// <exception cref="BrokerException">It did not start; the message holds its log.</exception>
    public static async Task<RabbitMqServer> StartAsync(RabbitMqOptions? options = null)
    {
        BrokerNotInstalledException.ThrowIfMissing(Server, "rabbitmq-server");
        var server = new RabbitMqServer(options ?? new RabbitMqOptions());
        await server.FirstRunAsync();
        return server;
    }

    /// <summary>Runs <c>rabbitmqctl</c> against this server, for example <c>ControlAsync("list_queues", "name", "messages")</c>; answers what it printed.</summary>
    /// <exception cref="BrokerException">It failed; the message holds what it said.</exception>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Control, ["-q", "-n", _node, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Variables())
        {
            start.Environment[name] = value;
        }
        using var control = Process.Start(start)!;
        var errors = control.StandardError.ReadToEndAsync();
        var output = await control.StandardOutput.ReadToEndAsync();
        await control.WaitForExitAsync();
        return control.ExitCode == 0
            ? output
            : throw new BrokerException($"'rabbitmqctl {string.Join(' ', arguments)}' ended with exit code {control.ExitCode}: {output}{await errors}");
    }

    private protected override (IReadOnlyDictionary<string, string> Environment, string[] Command) Launch() =>
        (Variables(), ["/bin/sh", "-c", Launcher, "rabbitmq", Server]);

    private protected override async Task<bool> IsReadyAsync() =>
        await Handshakes.AmqpAsync(_amqp) && await Handshakes.StompAsync(_stomp) && (!_options.Tls || await Handshakes.TlsAsync(_amqps, AuthorityFile));

    private protected override void Configure()
    {
        Directory.CreateDirectory(Below("home"));
        File.WriteAllText(Below("enabled_plugins"), $"[{string.Join(',', ["rabbitmq_stomp", .. _options.Plugins])}].\n");
        File.WriteAllText(Below("advanced.config"), "[].\n");
        File.WriteAllText(Below("rabbitmq-env.conf"), "");
        var tls = "";
        if (_options.Tls)
        {
            var certificate = ServerCertificate.Create(Folder);
            AuthorityFile = certificate.AuthorityFile;
            tls = $"""
                listeners.ssl.1 = 127.0.0.1:{_amqps}
                ssl_options.cacertfile = {certificate.AuthorityFile}
                ssl_options.certfile = {certificate.CertificateFile}
                ssl_options.keyfile = {certificate.KeyFile}
                """;
        }
        File.WriteAllText(Below("rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{_amqp}
            stomp.listeners.tcp.1 = 127.0.0.1:{_stomp}
            disk_free_limit.absolute = 50MB
            log.file.level = info
            {tls}
            {_options.ExtraConfiguration}

            """);
    }

    private Dictionary<string, string> Variables() => new(PlainEnvironment(Below("home")))
    {
        ["RABBITMQ_NODENAME"] = _node,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = $"{_amqp}",
        ["RABBITMQ_DIST_PORT"] = $"{_distribution}",
        ["RABBITMQ_MNESIA_BASE"] = Below("data"),
        ["RABBITMQ_LOG_BASE"] = Below("log"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Below("enabled_plugins"),
        ["RABBITMQ_CONFIG_FILE"] = Below("rabbitmq.conf"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Below("advanced.config"),
        // The machine's own settings, /etc/rabbitmq/rabbitmq-env.conf, are not ours.
        ["RABBITMQ_CONF_ENV_FILE"] = Below("rabbitmq-env.conf"),
        // The start script then becomes the server instead of watching it: its process id is the server's.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["RABBITMQ_CTL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
        ["RABBITMQ_CTL_DIST_PORT_MAX"] = "35771",
        ["ERL_EPMD_PORT"] = $"{_mapper}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };

    private int RequireTls(int port) => _options.Tls ? port : throw new InvalidOperationException("This server was started without TLS. Start it with RabbitMqOptions.Tls = true.");
}
