using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Amqp.Tests;

public sealed class AmqpOptionsTests
{
    [Theory]
    [InlineData("amqp://localhost/?queue_type=stream", "queue_type")]
    [InlineData("amqp://localhost/?auth=kerberos", "auth")]
    [InlineData("amqp://localhost/?consumer_timeout=soon", "consumer_timeout")]
    [InlineData("amqp://localhost/?max_body=0", "max_body")]
    [InlineData("amqp://localhost/?queue_typ=quorum", "queue_type")]
    [InlineData("amqp://localhost/?ca=file.pem", "ca")]
    [InlineData("amqps://localhost/?client_key=file.pem", "client_certificate")]
    public void An_option_that_is_wrong_is_named(string url, string word) =>
        Assert.Contains(word, Assert.Throws<BrokerUrlException>(() => AmqpOptions.From(BrokerUrl.Parse(url))).Message, StringComparison.Ordinal);

    [Fact]
    public void Nothing_said_means_queues_as_celery_declares_them_and_delays_in_quorum_queues()
    {
        var options = AmqpOptions.From(BrokerUrl.Parse("amqp://localhost"));
        Assert.Equal((false, true, false, 128L << 20), (options.HasQuorumQueues, options.HasQuorumDelays, options.IsExternal, options.MaxBodyBytes));
        Assert.Null(options.Tls);
    }

    [Fact]
    public void The_options_of_tls_are_read()
    {
        var tls = AmqpOptions.From(BrokerUrl.Parse("amqps://localhost/?ca=a.pem&client_certificate=b.pem&client_key=c.pem&server_name=rabbit&verify=false")).Tls;
        Assert.Equal(new BrokerTlsOptions { Authorities = "a.pem", ClientCertificate = "b.pem", ClientKey = "c.pem", ServerName = "rabbit", IsVerified = false }, tls);
    }

    [Fact]
    public void Quorum_queues_claim_no_priorities()
    {
        var transport = (AmqpTransport)new AmqpTransportFactory().Create(BrokerUrl.Parse("amqp://localhost/?queue_type=quorum"), new TransportContext());
        Assert.Equal(0, transport.Capabilities.MaxPriority);
    }
}
