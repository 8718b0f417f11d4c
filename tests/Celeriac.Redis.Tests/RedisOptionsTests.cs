using System.Net;
using System.Net.Sockets;
using Celeriac.Messaging;

namespace Celeriac.Redis.Tests;

public sealed class RedisOptionsTests
{
    [Theory]
    [InlineData("redis://", "Unspecified/localhost:6379", 0)]
    [InlineData("redis://:password@cache/1", "Unspecified/cache:6379", 1)]
    [InlineData("redis://user:password@10.0.0.1:7000//4", "10.0.0.1:7000", 4)]
    [InlineData("redis://[::1]:7000/", "[::1]:7000", 0)]
    [InlineData("redis+socket:///run/redis/redis.sock?virtual_host=5", "/run/redis/redis.sock", 5)]
    [InlineData("redis+socket:///run/redis.sock?virtual_host=/5", "/run/redis.sock", 5)]
    public void Urls_are_read_as_Celery_writes_them(string url, string server, int database)
    {
        var options = From(url);
        Assert.Equal((server, database), (Assert.Single(options.Servers).ToString(), options.Database));
    }

    [Fact]
    public void Several_servers_are_parted_by_semicolons() =>
        Assert.Equal(["a", "b"], From("redis://a/1;redis://b/1").Servers.Cast<DnsEndPoint>().Select(server => server.Host));

    [Fact]
    public void Celerys_names_of_times_are_understood()
    {
        var times = From("redis://?socket_timeout=7&socket_connect_timeout=3&health_check_interval=9").Reconnect;
        Assert.Equal((7, 3, 9), (times.PublishTimeout.TotalSeconds, times.ConnectTimeout.TotalSeconds, times.Heartbeat.TotalSeconds));
    }

    [Fact]
    public void Celerys_names_of_certificates_are_understood()
    {
        var tls = From("rediss://?ssl_cert_reqs=CERT_OPTIONAL&ssl_ca_certs=ca.pem&ssl_certfile=me.pem&ssl_keyfile=me.key").Tls!;
        Assert.Equal(("ca.pem", "me.pem", "me.key", true), (tls.Authorities, tls.ClientCertificate, tls.ClientKey, tls.IsVerified));
        Assert.Null(From("redis://").Tls);
    }

    [Theory]
    [InlineData("redis://?global_keyprefx=a", "Did you mean 'global_keyprefix'?")]
    [InlineData("redis://?virtual_host=1", "unknown option 'virtual_host'")]
    [InlineData("redis://?ssl_cert_reqs=none", "rediss://")]
    [InlineData("redis://host/shop", "The database 'shop'")]
    [InlineData("redis://host/-1", "The database '-1'")]
    [InlineData("rediss://?ssl_cert_reqs=perhaps", "one of")]
    [InlineData("redis+socket://host/file", "three slashes")]
    [InlineData("redis+socket://", "three slashes")]
    [InlineData("redis://:secret@a/1;redis://:other@b/1", "differ in user")]
    public void What_is_wrong_is_told(string url, string expected)
    {
        var error = Assert.Throws<BrokerUrlException>(() => From(url));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_with_a_path_longer_than_the_system_allows_is_told() =>
        Assert.Contains("longer path", Assert.Throws<BrokerUrlException>(() => From($"redis+socket:///{new string('x', 200)}")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_socket_is_a_unix_socket() => Assert.IsType<UnixDomainSocketEndPoint>(Assert.Single(From("redis+socket:///run/redis.sock").Servers));

    private static RedisOptions From(string url) => RedisOptions.From(BrokerUrl.Parse(url));
}
