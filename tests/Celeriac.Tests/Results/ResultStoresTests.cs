using Celeriac.Messaging;

namespace Celeriac.Tests.Results;

/// <summary>Which store a result_backend names.</summary>
public sealed class ResultStoresTests
{
    [Theory]
    [InlineData("redis://:secret@host/1", "Reference the package Celeriac.Redis", "ResultStores.Add(\"redis\", new RedisResultStoreFactory());")]
    [InlineData("rediss://host", "Reference the package Celeriac.Redis", "ResultStores.Add(\"rediss\"")]
    [InlineData("reddis://host", "Did you mean 'redis'?", "Correct the scheme")]
    [InlineData("mongodb://host", "No result store is registered for scheme 'mongodb'", "Registered: ")]
    public void What_is_said_of_a_scheme_that_nobody_serves_names_the_cure(string url, params string[] expected)
    {
        var error = ResultStores.Unknown(BrokerUrl.Parse(url));
        Assert.All(expected, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registered_factory_gets_the_url_and_the_lifetime()
    {
        ResultStores.Add("kept-once", new Factory());
        ResultStores.Add("KEPT-once", new Factory());
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = "memory://stores", ResultBackend = "kept-once://place?a=b", ResultExpires = TimeSpan.FromSeconds(7) });
        var (url, context) = Assert.IsType<Store>(client.Results).Made;
        Assert.Equal(("place", "b", TimeSpan.FromSeconds(7)), (url.Host, url.Text("a"), context.Expires));
        Assert.Contains("kept-once", ResultStores.Schemes);
    }

    [Fact]
    public void A_scheme_has_one_factory()
    {
        ResultStores.Add("kept-twice", new Factory());
        Assert.Throws<ArgumentException>(() => ResultStores.Add("kept-twice", new Other()));
        Assert.Throws<ArgumentException>(() => ResultStores.Add("no scheme", new Other()));
    }

    [Fact]
    public void A_scheme_that_nobody_serves_is_refused() =>
        Assert.Throws<BrokerUrlException>(() => TaskClient.Open(new CeleriacOptions { BrokerUrl = "memory://stores", ResultBackend = "mongodb://host" }));

    [Fact]
    public async Task Referencing_the_package_is_enough()
    {
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = "memory://stores", ResultBackend = "redis://host" });
        Assert.Equal(ConnectionState.Closed, client.Results.Health?.State);
    }

    private sealed class Factory : IResultStoreFactory
    {
        public IResultStore Create(BrokerUrl url, ResultStoreContext context) => new Store((url, context));
    }

    private sealed class Other : IResultStoreFactory
    {
        public IResultStore Create(BrokerUrl url, ResultStoreContext context) => new Store((url, context));
    }

    private sealed class Store((BrokerUrl Url, ResultStoreContext Context) made) : IResultStore
    {
        public (BrokerUrl Url, ResultStoreContext Context) Made => made;

        public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => new((string?)null);
        public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => new((ResultRecord?)null);
        public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => throw new InvalidOperationException("Nobody waits here.");
        public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;
        public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
        public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
