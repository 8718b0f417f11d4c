using Celeriac.Amqp;
using Celeriac.Brokers;
using Celeriac.Interop.Tests;
using Celeriac.Messaging;

[assembly: AssemblyFixture(typeof(InteropPlace))]

namespace Celeriac.Interop.Tests;

/// <summary>What all tests share: the server, one Python worker on the queue <c>py</c> and one C# worker on the queue <c>cs</c>, each started when first asked for.</summary>
public sealed class InteropPlace : IAsyncLifetime
{
    private const string Celery = "/usr/lib/python3/dist-packages/celery/__init__.py";
    private readonly RabbitMqFixture _rabbitMq = new();
    private readonly Lazy<Task<PythonWorker>> _python;
    private readonly Lazy<Task<CSharpWorker>> _cSharp;

    static InteropPlace() => Transports.Add("amqp", new AmqpTransportFactory());

    public InteropPlace()
    {
        _python = new(() => PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Server.AmqpUrl }));
        _cSharp = new(() => CSharpWorker.StartAsync(Server.AmqpUrl, "cs"));
    }

    public RabbitMqServer Server
    {
        get
        {
            if (!File.Exists(Celery) && Environment.GetEnvironmentVariable("CI") != "true")
            {
                Assert.Skip($"Python's Celery is not installed: there is no '{Celery}'. Install the package python3-celery.");
            }
            return _rabbitMq.Server;
        }
    }

    public ValueTask InitializeAsync() => _rabbitMq.InitializeAsync();

    public Task<PythonWorker> PythonWorkerAsync() => _python.Value;

    public Task<CSharpWorker> CSharpWorkerAsync() => _cSharp.Value;

    /// <summary>A virtual host of a test's own, where its workers meet only each other; answers its URL.</summary>
    public async Task<string> NewVirtualHostAsync(string name)
    {
        await Server.ControlAsync("eval", $"rabbit_vhost:add(<<\"{name}\">>, <<\"tests\">>), rabbit_auth_backend_internal:set_permissions(<<\"guest\">>, <<\"{name}\">>, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"tests\">>).");
        return $"{Server.AmqpUrl}{name}";
    }

    public async ValueTask DisposeAsync()
    {
        if (_cSharp.IsValueCreated)
        {
            await (await _cSharp.Value).DisposeAsync();
        }
        if (_python.IsValueCreated)
        {
            await (await _python.Value).DisposeAsync();
        }
        await _rabbitMq.DisposeAsync();
    }
}
