namespace Celeriac.Brokers;

/// <summary>An ActiveMQ "classic" server with a STOMP connector, as Debian packages it. Runs as any user; anybody may log in.</summary>
public sealed class ActiveMqServer : BrokerServer
{
    private const string Home = "/usr/share/activemq";
    private const string Program = Home + "/bin/activemq.jar";
    private const string Java = "/usr/bin/java";
    private readonly ActiveMqOptions _options;
    private readonly int _stomp, _stompTls;

    private ActiveMqServer(ActiveMqOptions options) : base("activemq")
    {
        _options = options;
        if (FreePorts.Find(2) is [var stomp, var stompTls])
        {
            (_stomp, _stompTls) = (stomp, stompTls);
        }
    }

    /// <summary>The STOMP URL.</summary>
    public string StompUrl => $"stomp://127.0.0.1:{_stomp}";

    /// <summary>The port of <see cref="StompUrl"/>.</summary>
    public int StompPort => _stomp;

    /// <summary>The STOMP URL with TLS.</summary>
    public string StompTlsUrl => _options.Tls
        ? $"stomp+ssl://127.0.0.1:{_stompTls}"
        : throw new InvalidOperationException("This server was started without TLS. Start it with ActiveMqOptions.Tls = true.");

    /// <summary>The certificate of the authority that a TLS client must trust.</summary>
    public string AuthorityFile { get; private set; } = "";

    private protected override TimeSpan StartTimeout => _options.StartTimeout;

    /// <summary>Starts a server; returns once STOMP answers.</summary>
    /// <exception cref="BrokerNotInstalledException">ActiveMQ or Java is not installed.</exception>
    /// <exception cref="BrokerException">It did not start; the message holds its log.</exception>
    public static async Task<ActiveMqServer> StartAsync(ActiveMqOptions? options = null)
    {
        BrokerNotInstalledException.ThrowIfMissing(Java, "default-jre-headless");
        BrokerNotInstalledException.ThrowIfMissing(Program, "activemq");
        var server = new ActiveMqServer(options ?? new ActiveMqOptions());
        await server.FirstRunAsync();
        return server;
    }

    private protected override (IReadOnlyDictionary<string, string> Environment, string[] Command) Launch()
    {
        string[] command =
        [
            Java, "-Xmx512m", $"-Djava.io.tmpdir={Below("tmp")}", $"-Dactivemq.home={Home}", $"-Dactivemq.base={Folder}",
            $"-Dactivemq.conf={Below("conf")}", $"-Dactivemq.data={Below("data")}", "-jar", Program,
            "start", $"xbean:file:{Below("conf/activemq.xml")}",
        ];
        return (PlainEnvironment(Folder), command);
    }

    private protected override async Task<bool> IsReadyAsync() =>
        await Handshakes.StompAsync(_stomp) && (!_options.Tls || await Handshakes.TlsAsync(_stompTls, AuthorityFile));

    private protected override void Configure()
    {
        Directory.CreateDirectory(Below("conf"));
        Directory.CreateDirectory(Below("tmp"));
        var (tls, tlsConnector) = ("", "");
        if (_options.Tls)
        {
            var certificate = ServerCertificate.Create(Folder);
            AuthorityFile = certificate.AuthorityFile;
            tls = $"""<sslContext><sslContext keyStore="file:{certificate.StoreFile}" keyStoreType="PKCS12" keyStorePassword="{ServerCertificate.StorePassword}"/></sslContext>""";
            tlsConnector = $"""<transportConnector name="stomp+ssl" uri="stomp+ssl://127.0.0.1:{_stompTls}?transport.hbGracePeriodMultiplier=1.5"/>""";
        }
        File.WriteAllText(Below("conf/activemq.xml"), $"""
            <beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
              xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
              <broker xmlns="http://activemq.apache.org/schema/core" brokerName="celeriac" dataDirectory="{Below("data")}"
                schedulerSupport="{(_options.Scheduler ? "true" : "false")}" useJmx="false" useShutdownHook="true">
                <destinationPolicy><policyMap><policyEntries>
                  <policyEntry queue="&gt;" prioritizedMessages="{(_options.Priorities ? "true" : "false")}" maxPageSize="2000"/>
                </policyEntries></policyMap></destinationPolicy>
                <persistenceAdapter><kahaDB directory="{Below("data/kahadb")}"/></persistenceAdapter>
                {tls}
                <systemUsage><systemUsage>
                  <memoryUsage><memoryUsage limit="256 mb"/></memoryUsage>
                  <storeUsage><storeUsage limit="2 gb"/></storeUsage>
                  <tempUsage><tempUsage limit="256 mb"/></tempUsage>
                  <jobSchedulerUsage><jobSchedulerUsage limit="256 mb"/></jobSchedulerUsage>
                </systemUsage></systemUsage>
                <transportConnectors>
                  <transportConnector name="stomp" uri="stomp://127.0.0.1:{_stomp}?transport.hbGracePeriodMultiplier=1.5"/>
                  {tlsConnector}
                </transportConnectors>
              </broker>
            </beans>

            """);
    }
}
