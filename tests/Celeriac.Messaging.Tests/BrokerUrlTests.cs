using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class BrokerUrlTests
{
    [Theory]
    [InlineData("sqlite://celeriac.db", "celeriac.db")]
    [InlineData("sqlite://dir/file.db", "dir/file.db")]
    [InlineData("sqlite:///a/b.db?timeout=5", "/a/b.db")]
    [InlineData("sqlite://my%20files/100%25.db", "my files/100%.db")]
    [InlineData("sqlite://C:\\data\\app.db", "C:\\data\\app.db")]
    [InlineData("sqlite://data@home.db", "data@home.db")]
    [InlineData("memory://", "")]
    [InlineData("memory://tests", "tests")]
    public void The_text_after_an_embedded_scheme_is_the_path(string text, string path)
    {
        var url = BrokerUrl.Parse(text);

        Assert.True(url.IsEmbedded);
        Assert.Equal(path, url.Path);
        Assert.Equal("", url.Host);
    }

    [Fact]
    public void A_server_has_user_password_host_port_and_path_percent_decoded()
    {
        var url = BrokerUrl.Parse("AMQPS://shop%40eu:p%2Fw%3A%40d@Broker.example.com:5671/vhost%2Fa?heartbeat=30s");

        Assert.Equal("amqps", url.Scheme);
        Assert.Equal("shop@eu", url.User);
        Assert.Equal("p/w:@d", url.Password);
        Assert.Equal("Broker.example.com", url.Host);
        Assert.Equal(5671, url.Port);
        Assert.Equal("vhost/a", url.Path);
        Assert.Equal("30s", url.Text("heartbeat"));
        Assert.False(url.IsEmbedded);
    }

    [Theory]
    [InlineData("amqp://host", "/")]
    [InlineData("amqp://host/", "/")]
    [InlineData("amqp://host//", "/")]
    [InlineData("amqp://host/%2F", "/")]
    [InlineData("amqp://host/shop", "shop")]
    [InlineData("amqp://host//shop", "/shop")]
    [InlineData("redis://host/0", "0")]
    [InlineData("redis://host", "")]
    public void The_path_of_a_server_follows_Kombu(string text, string path) => Assert.Equal(path, BrokerUrl.Parse(text).Path);

    [Theory]
    [InlineData("amqp://[::1]:5672/", "::1", 5672)]
    [InlineData("amqp://guest:guest@[2001:db8::7]/", "2001:db8::7", null)]
    [InlineData("amqp://", "localhost", null)]
    [InlineData("amqp://:5672", "localhost", 5672)]
    [InlineData("amqp://guest:guest@/", "localhost", null)]
    [InlineData("stomp+ssl://10.0.0.1:", "10.0.0.1", null)]
    public void Hosts_are_names_addresses_or_left_out(string text, string host, int? port)
    {
        var url = BrokerUrl.Parse(text);

        Assert.Equal(host, url.Host);
        Assert.Equal(port, url.Port);
    }

    [Fact]
    public void A_password_may_stand_without_a_user()
    {
        var url = BrokerUrl.Parse("redis://:s3cret@host/1");

        Assert.Null(url.User);
        Assert.Equal("s3cret", url.Password);
    }

    [Fact]
    public void A_failover_list_gives_alternates_in_order()
    {
        var url = BrokerUrl.Parse("amqp://u:p@one//;amqp://u:q@two:5673//?a=1;amqp://three;");

        Assert.Equal("one", url.Host);
        Assert.Equal(["two", "three"], url.Alternates.Select(alternate => alternate.Host));
        Assert.Equal(5673, url.Alternates[0].Port);
        Assert.Equal("1", url.Alternates[0].Text("a"));
        Assert.Equal("amqp://u:***@one//;amqp://u:***@two:5673//?a=1;amqp://three//", url.ToString());
    }

    [Theory]
    [InlineData("amqp://u:hunter2@host/v?x=1", "amqp://u:***@host/v?x=1")]
    [InlineData("redis://:hunter2@host/1", "redis://:***@host/1")]
    [InlineData("redis://host/1?password=hunter2", "redis://host/1?password=***")]
    [InlineData("amqp://[::1]:5672/a%20b", "amqp://[::1]:5672/a b")]
    [InlineData("sqlite://data/app.db?timeout=5s", "sqlite://data/app.db?timeout=5s")]
    [InlineData("sqlite:///srv/u:hunter2@host/app.db", "sqlite:///srv/u:***%40host/app.db")]
    [InlineData("memory://", "memory://")]
    public void The_text_for_logs_hides_passwords(string text, string shown) => Assert.Equal(shown, BrokerUrl.Parse(text).ToString());

    [Theory]
    [InlineData("", "does not begin with a scheme")]
    [InlineData("celeriac.db", "'celeriac.db' does not begin with a scheme")]
    [InlineData("://host", "does not begin with a scheme")]
    [InlineData("user:hunter2@host/v", "does not begin with a scheme")]
    [InlineData("amqp:/user:hunter2@host/v", "does not begin with a scheme")]
    [InlineData("am qp://host", "does not begin with a scheme")]
    [InlineData("amqp://user:hunter2", "no valid port")]
    [InlineData("amqp://host:99999/", "no valid port")]
    [InlineData("amqp://host:-1/", "no valid port")]
    [InlineData("amqp://user:hun/ter2@host", "'@' after the first '/' or '?'")]
    [InlineData("amqp://user:12?hunter2@host", "'@' after the first '/' or '?'")]
    [InlineData("amqp://user:12;hunter2@host", "does not begin with a scheme")]
    [InlineData("amqp://user:hunter2@ho st/", "invalid host")]
    [InlineData("amqp://user:hunter2@[::1/", "invalid host")]
    [InlineData("amqp://user:hunter2@[hunter2]/", "invalid host")]
    [InlineData("amqp://user:hunter2%zz@host/", "'%' without two hexadecimal digits in its password")]
    [InlineData("amqp://user:hunter2%4", "no valid port")]
    [InlineData("amqp://user:hunter2%ff@host/", "not UTF-8 in its password")]
    [InlineData("amqp://user:hunter2%00@host/", "percent-encoded control character in its password")]
    [InlineData("amqp://user:hunter2@host/\n", "control character or broken text (U+000A) at position 25")]
    [InlineData("amqp://host?=1", "an option whose name is empty")]
    [InlineData("amqp://host?a=1&A=2", "gives the option 'A' twice")]
    [InlineData("amqp://a;stomp://b", "mixes the schemes 'amqp' and 'stomp'")]
    [InlineData("sqlite://a.db;sqlite://b.db", "Write a semicolon in a name as %3B")]
    [InlineData("sqlite://user:hunter2@host/a.db", "sqlite has neither")]
    public void A_malformed_URL_is_refused_with_the_fault_and_without_the_password(string text, string fault)
    {
        var error = Assert.Throws<BrokerUrlException>(() => BrokerUrl.Parse(text));

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_with_half_a_character_is_refused() =>
        Assert.Contains("control character or broken text (U+D800) at position 12", Fault("amqp://host/\ud800"), StringComparison.Ordinal);

    [Fact]
    public void Length_servers_and_options_are_limited()
    {
        var servers = string.Join(';', Enumerable.Repeat("amqp://a", BrokerUrl.MaximumServers + 1));
        var options = string.Join('&', Enumerable.Range(0, BrokerUrl.MaximumOptions + 1).Select(number => $"o{number}=1"));

        Assert.Contains("at most 8192", Fault("sqlite://" + new string('a', BrokerUrl.MaximumLength)), StringComparison.Ordinal);
        Assert.Contains("at most 32", Fault(servers), StringComparison.Ordinal);
        Assert.Contains("more than 64 options", Fault("amqp://a?" + options), StringComparison.Ordinal);
    }

    private static string Fault(string text) => Assert.Throws<BrokerUrlException>(() => BrokerUrl.Parse(text)).Message;
}
