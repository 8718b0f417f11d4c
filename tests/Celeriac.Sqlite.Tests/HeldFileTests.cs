using Celeriac.Messaging;

namespace Celeriac.Sqlite.Tests;

/// <summary>Another process was stopped in the middle of a transaction: the file stays locked until it goes on.</summary>
public sealed class HeldFileTests
{
    [Fact(Timeout = 120_000)]
    public async Task A_file_that_another_process_holds_costs_its_callers_the_timeout_and_no_more()
    {
        await using var file = new TestFile();
        await using var transport = new SqliteTransportFactory().Create(BrokerUrl.Parse($"sqlite://{file.Path}?publish_timeout=300ms"), new TransportContext());
        await transport.DeclareAsync(Topology.Queue("open"));
        var message = Publication.ToQueue("open", new Message { Body = "x"u8.ToArray(), CorrelationId = "c1" });

        using (RawFile.Lock(file.Path))
        {
            var declaring = await Assert.ThrowsAsync<TransportException>(async () => await transport.DeclareAsync(Topology.Queue("late")));
            Assert.Contains("within 0.3 s", declaring.Message, StringComparison.Ordinal);
            var publishing = await Assert.ThrowsAsync<PublishUnknownException>(async () => await transport.PublishAsync(message));
            Assert.Equal("c1", publishing.MessageId);
        }

        await transport.DeclareAsync(Topology.Queue("late"));
        await transport.PublishAsync(message);
    }
}
