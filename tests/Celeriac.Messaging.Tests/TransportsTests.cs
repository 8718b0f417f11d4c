using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class TransportsTests
{
    [Fact]
    public void A_registered_factory_makes_the_transport_of_its_scheme()
    {
        Transports.Add("test-one", new RecordingFactory());

        var transport = Transports.Create("TEST-ONE://host/?a=1");

        Assert.Equal("test-one://host/?a=1", transport.Name);
        Assert.Contains("test-one", Transports.Schemes);
    }

    [Fact]
    public void Registering_the_same_type_of_factory_again_does_nothing()
    {
        Transports.Add("test-two", new RecordingFactory());
        Transports.Add("Test-Two", new RecordingFactory());

        Assert.Single(Transports.Schemes, "test-two");
    }

    [Fact]
    public void A_factory_of_another_type_for_the_same_scheme_is_refused()
    {
        Transports.Add("test-three", new RecordingFactory());

        var error = Assert.Throws<ArgumentException>(() => Transports.Add("test-three", new OtherFactory()));

        Assert.Contains("Scheme 'test-three' is already served by", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlite://")]
    [InlineData("1a")]
    [InlineData(" ")]
    public void Text_that_is_no_scheme_cannot_be_registered(string scheme) =>
        Assert.ThrowsAny<ArgumentException>(() => Transports.Add(scheme, new RecordingFactory()));

    [Theory]
    [InlineData("redis://u:hunter2@host", "Reference the package Celeriac.Redis and add the line Transports.Add(\"redis\", new RedisTransportFactory());")]
    [InlineData("amqps://u:hunter2@host", "Reference the package Celeriac.Amqp and add the line Transports.Add(\"amqps\", new AmqpTransportFactory());")]
    [InlineData("sqllite://a.db", "Did you mean 'sqlite'? Correct the scheme")]
    [InlineData("carrierpigeon://u:hunter2@loft", "or register its factory with Transports.Add(\"carrierpigeon\", …);")]
    public void An_unknown_scheme_says_what_is_missing_and_what_is_there(string url, string remedy)
    {
        Transports.Add("test-four", new RecordingFactory());

        var error = Assert.Throws<BrokerUrlException>(() => Transports.Create(url));

        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        Assert.Contains("test-four", error.Message[error.Message.IndexOf("Registered:", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connecting_gives_a_connected_transport()
    {
        Transports.Add("test-five", new RecordingFactory());

        var transport = (RecordingTransport)await Transports.ConnectAsync("test-five://", cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(transport.Connected);
        Assert.False(transport.Disposed);
    }

    [Fact]
    public async Task A_transport_that_cannot_connect_is_disposed()
    {
        var transport = new RecordingTransport("x") { ConnectError = new TransportException("Nobody answers.") };
        Transports.Add("test-six", new RecordingFactory(transport));

        await Assert.ThrowsAsync<TransportException>(async () => await Transports.ConnectAsync("test-six://"));

        Assert.True(transport.Disposed);
    }

    private sealed class RecordingFactory(RecordingTransport? transport = null) : ITransportFactory
    {
        public ITransport Create(BrokerUrl url, TransportContext context) => transport ?? new RecordingTransport(url.ToString());
    }

    private sealed class OtherFactory : ITransportFactory
    {
        public ITransport Create(BrokerUrl url, TransportContext context) => new RecordingTransport("other");
    }
}
