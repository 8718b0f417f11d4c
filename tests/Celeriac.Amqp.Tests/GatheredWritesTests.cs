using Celeriac.Amqp.Library;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Tests;

/// <summary>RabbitMQ.Client writes and flushes each message by itself; what stands in line leaves together.</summary>
public sealed class GatheredWritesTests
{
    private readonly List<byte[]> _sent = [];
    private int _inLine;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_that_stand_in_line_leave_together_with_the_last_of_them()
    {
        var writes = new GatheredWrites(new Recorder(_sent)) { InLine = () => _inLine };
        foreach (var left in (int[])[2, 1, 0, 0])
        {
            _inLine = left;
            await WriteAsync(writes, [(byte)(10 + left)]);
        }
        Assert.Equal([[12, 11, 10], [10]], _sent);
    }

    [Fact]
    public async Task Where_the_line_is_not_known_each_leaves_by_itself()
    {
        var writes = new GatheredWrites(new Recorder(_sent));
        await WriteAsync(writes, [1]);
        await WriteAsync(writes, [2]);
        Assert.Equal([[1], [2]], _sent);
    }

    [Fact]
    public async Task However_large_they_are_the_bytes_leave_in_their_order_and_a_flush_without_any_writes_nothing()
    {
        var writes = new GatheredWrites(new Recorder(_sent)) { InLine = () => _inLine };
        var random = new Random(7);
        var all = new List<byte>();
        for (var message = 0; message < 200; message++)
        {
            _inLine = message == 199 ? 0 : random.Next(2);
            var data = new byte[random.Next(3) switch { 0 => random.Next(100), 1 => random.Next(40_000), _ => random.Next(200_000) }];
            random.NextBytes(data);
            all.AddRange(data);
            await WriteAsync(writes, data);
        }
        Assert.True(all.SequenceEqual(_sent.SelectMany(write => write)), "bytes are missing or out of order");
        var before = _sent.Count;
        await writes.FlushAsync(Cancelled);
        Assert.Equal(before, _sent.Count);
    }

    [Fact]
    public async Task The_library_lets_its_line_be_counted()
    {
        var factory = new ConnectionFactory { Uri = new Uri(SharedServer.Server.AmqpUrl.TrimEnd('/')), AutomaticRecoveryEnabled = false, RequestedHeartbeat = TimeSpan.Zero };
        await using var connection = await factory.CreateConnectionAsync(Cancelled);
        // The library does not wait until its last words of the greeting are written; when this is answered they are.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancelled);
        Assert.Equal(0, LibraryOutbox.CountOf(connection)!());
        await connection.CloseAsync(Cancelled);
    }

    private static async Task WriteAsync(GatheredWrites writes, byte[] data)
    {
        await writes.WriteAsync(data, Cancelled);
        await writes.FlushAsync(Cancelled);
    }

    private sealed class Recorder(List<byte[]> sent) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            sent.Add(buffer.ToArray());
            return ValueTask.CompletedTask;
        }
    }
}
