using System.Diagnostics;

namespace Celeriac.Brokers;

/// <summary>A Redis server, as Debian packages it, that writes every command to its disk. Runs as any user.</summary>
public sealed class RedisServer : BrokerServer
{
    private const string Server = "/usr/bin/redis-server";
    private const string Control = "/usr/bin/redis-cli";
    private readonly RedisOptions _options;
    private readonly int _tlsPort;

    private RedisServer(RedisOptions options) : base("redis")
    {
        _options = options;
        if (FreePorts.Find(2) is [var port, var tlsPort])
        {
            (Port, _tlsPort) = (port, tlsPort);
        }
    }

    /// <summary>The port of <see cref="Url"/>.</summary>
    public int Port { get; }

    /// <summary>The URL: <c>redis://127.0.0.1:port/</c>, database 0, with the password where there is one.</summary>
    public string Url => $"redis://{Login}127.0.0.1:{Port}/";

    /// <summary>The URL with TLS.</summary>
    public string TlsUrl => _options.Tls
        ? $"rediss://{Login}127.0.0.1:{_tlsPort}/"
        : throw new InvalidOperationException("This server was started without TLS. Start it with RedisOptions.Tls = true.");

    /// <summary>The URL of its Unix socket.</summary>
    public string SocketUrl => $"redis+socket://{Login}{SocketFile}";

    /// <summary>The file of its Unix socket.</summary>
    public string SocketFile => Below("redis.sock");

    /// <summary>The certificate of the authority that a TLS client must trust.</summary>
    public string AuthorityFile { get; private set; } = "";

    private string Login => _options.Password.Length == 0 ? "" : $":{Uri.EscapeDataString(_options.Password)}@";

    private protected override TimeSpan StartTimeout => _options.StartTimeout;

    /// <summary>Starts a server; returns once it answers.</summary>
    /// <exception cref="BrokerNotInstalledException">Redis is not installed.</exception>
    /// <exception cref="BrokerException">It did not start; the message holds its log.</exception>
    public static async Task<RedisServer> StartAsync(RedisOptions? options = null)
    {
        BrokerNotInstalledException.ThrowIfMissing(Server, "redis-server");
        var server = new RedisServer(options ?? new RedisOptions());
        await server.FirstRunAsync();
        return server;
    }

    /// <summary>Runs <c>redis-cli</c> against this server, for example <c>ControlAsync("GET", "key")</c>; answers what it printed, without the last line's end.</summary>
    /// <exception cref="BrokerException">It failed; the message holds what it said.</exception>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        string[] login = _options.Password.Length == 0 ? [] : ["--no-auth-warning", "-a", _options.Password];
        var start = new ProcessStartInfo(Control, ["-e", "-h", "127.0.0.1", "-p", $"{Port}", .. login, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        using var control = Process.Start(start)!;
        var errors = control.StandardError.ReadToEndAsync();
        var output = await control.StandardOutput.ReadToEndAsync();
        await control.WaitForExitAsync();
        return control.ExitCode == 0
            ? output.TrimEnd('\n')
            : throw new BrokerException($"'redis-cli {string.Join(' ', arguments)}' ended with exit code {control.ExitCode}: {output}{await errors}");
    }

    private protected override (IReadOnlyDictionary<string, string> Environment, string[] Command) Launch() =>
        (PlainEnvironment(Folder), [Server, Below("redis.conf")]);

    private protected override async Task<bool> IsReadyAsync() =>
        await Handshakes.RedisAsync(Port, _options.Password) && (!_options.Tls || await Handshakes.TlsAsync(_tlsPort, AuthorityFile));

    private protected override void Configure()
    {
        var tls = "";
        if (_options.Tls)
        {
            var certificate = ServerCertificate.Create(Folder);
            AuthorityFile = certificate.AuthorityFile;
            tls = $"""
                tls-port {_tlsPort}
                tls-auth-clients no
                tls-ca-cert-file {certificate.AuthorityFile}
                tls-cert-file {certificate.CertificateFile}
                tls-key-file {certificate.KeyFile}
                """;
        }
        File.WriteAllText(Below("redis.conf"), $"""
            bind 127.0.0.1
            port {Port}
            unixsocket {SocketFile}
            dir {Folder}
            daemonize no
            save ""
            appendonly yes
            appendfsync always
            {(_options.Password.Length == 0 ? "" : $"requirepass {_options.Password}")}
            {tls}
            {_options.ExtraConfiguration}

            """);
    }
}
