using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Celeriac.Stomp.Tests.Client;

/// <summary>An ActiveMQ of its own for the tests of a class: own port, own folder, ended with its process.</summary>
public sealed class ActiveMqFixture : IAsyncLifetime
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-activemq-");
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public int Port { get; } = FreePort();

    public StompClientOptions Options => new() { Host = "127.0.0.1", Port = Port };

    public async ValueTask InitializeAsync()
    {
        WriteConfiguration();
        _process = new Process { StartInfo = StartInfo(), EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _started.TrySetException(new InvalidOperationException($"ActiveMQ ended while it started:\n{Log()}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            await _started.Task.WaitAsync(StartTime);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"ActiveMQ did not start within {StartTime.TotalSeconds} seconds:\n{Log()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        _folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Read(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
        if (line?.Contains("Connector stomp started", StringComparison.Ordinal) == true)
        {
            _started.TrySetResult();
        }
    }

    private string Log()
    {
        lock (_log)
        {
            return _log.ToString();
        }
    }

    private void WriteConfiguration()
    {
        var conf = _folder.CreateSubdirectory("conf").FullName;
        var data = _folder.CreateSubdirectory("data").FullName;
        _folder.CreateSubdirectory("tmp");
        File.WriteAllText(Path.Combine(conf, "log4j.properties"), """
            log4j.rootLogger=INFO, console
            log4j.appender.console=org.apache.log4j.ConsoleAppender
            log4j.appender.console.layout=org.apache.log4j.PatternLayout
            log4j.appender.console.layout.ConversionPattern=%d %p %m%n
            """);
        File.WriteAllText(Path.Combine(conf, "activemq.xml"), $"""
            <beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
              xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
              <broker xmlns="http://activemq.apache.org/schema/core" brokerName="celeriac" dataDirectory="{data}" schedulerSupport="true" useJmx="false">
                <destinationPolicy><policyMap><policyEntries><policyEntry queue="&gt;" prioritizedMessages="true"/></policyEntries></policyMap></destinationPolicy>
                <persistenceAdapter><kahaDB directory="{data}/kahadb"/></persistenceAdapter>
                <transportConnectors><transportConnector name="stomp" uri="stomp://127.0.0.1:{Port}?transport.hbGracePeriodMultiplier=1.5"/></transportConnectors>
              </broker>
            </beans>
            """);
    }

    private ProcessStartInfo StartInfo()
    {
        var folder = _folder.FullName;
        return new ProcessStartInfo("java")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "-Xmx512m", $"-Djava.io.tmpdir={folder}/tmp", $"-Dlog4j.configuration=file:{folder}/conf/log4j.properties", "-Dactivemq.home=/usr/share/activemq",
                $"-Dactivemq.base={folder}", $"-Dactivemq.conf={folder}/conf", $"-Dactivemq.data={folder}/data", "-jar", "/usr/share/activemq/bin/activemq.jar",
                "start", $"xbean:file:{folder}/conf/activemq.xml",
            },
        };
    }
}
