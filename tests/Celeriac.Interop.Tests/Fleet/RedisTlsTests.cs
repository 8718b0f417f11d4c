using System.Text.Json;
using Celeriac.Brokers;
using Celeriac.Redis;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Results in Redis over TLS, with one URL for both languages: each side verifies the server's certificate and reads what the other has written.</summary>
public sealed class RedisTlsTests(InteropPlace place, RedisFixture redis, PythonClient python) : InteropTest(place, python)
{
    [Fact(Timeout = Limit)]
    public async Task Results_over_rediss_are_read_by_the_other_side()
    {
        ResultStores.Add("rediss", new RedisResultStoreFactory());
        var url = await Place.NewVirtualHostAsync($"tls-{Guid.NewGuid().ToString("N")[..6]}");
        var backend = $"{redis.Server.TlsUrl}5?ssl_cert_reqs=required&ssl_ca_certs={Uri.EscapeDataString(redis.Server.AuthorityFile)}";
        (Python.BrokerUrl, Python.Backend) = (url, backend);
        var starting = PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = url, Backend = backend, Node = "py@tls" });
        await using var cSharp = await CSharpWorker.StartAsync(url, "cs", "cs@tls", backend);
        await using var worker = await starting;

        Assert.Equal(5, (await Python.ValueAsync("'cs.add', 2, 3")).GetInt32());
        var failed = await Python.OutcomeAsync("'cs.fail', 'key', 'lost'");
        Assert.Equal(("FAILURE", "KeyError"), (failed.TextOf("state"), failed.GetProperty("error").TextOf("type")));
        var sent = await cSharp.Client.SendAsync(new Signature<JsonElement>("py.echo") { Args = """[{"a": 1}]"""u8.ToArray(), Options = new SendOptions { Queue = "py" } }, Cancelled);
        Assert.Equal("""{"a":1}""", Plain(await sent.GetAsync(Patience, Cancelled)));
        Assert.Empty(worker.Complaints("raised unexpected"));
        Assert.DoesNotContain(cSharp.Log, line => line.StartsWith("Error", StringComparison.Ordinal) && !line.StartsWith("Error 2013", StringComparison.Ordinal));
    }
}
