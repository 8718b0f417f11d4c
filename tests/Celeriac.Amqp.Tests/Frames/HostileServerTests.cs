using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests.Frames;

/// <summary>Servers that lie, break off or say nonsense: a reason in words, every waiter ends, no memory without a bound.</summary>
public sealed class HostileServerTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly HostileServer _server = new();

    [Theory]
    [InlineData(new byte[] { 1, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0 }, "2147483647 bytes")]
    [InlineData(new byte[] { 77, 0, 1, 0, 0, 0, 0, 0 }, "unknown type 77")]
    [InlineData(new byte[] { 1, 0, 99, 0, 0, 0, 4, 0, 60, 0, 31, 0xCE }, "channel 99")]
    [InlineData(new byte[] { 1, 0, 1, 0, 0, 0, 4, 0, 50, 0, 21, 0xCE }, "50.21")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 99, 0xCE }, "10.99")]
    [InlineData(new byte[] { 1, 0, 1, 0, 0, 0, 5, 0, 60, 0, 60, 200, 0xCE }, "200 bytes")]
    [InlineData(new byte[] { 3, 0, 1, 0, 0, 0, 1, 7, 0xCE }, "body")]
    public async Task Nonsense_ends_the_connection_with_what_it_was(byte[] nonsense, string words)
    {
        var (link, channel) = await _server.AcceptAsync();
        await using var _ = link;
        var ended = Ended(link);
        await _server.SendAsync(nonsense);
        await ended.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Contains(words, link.Reason!.Text, StringComparison.Ordinal);
        Assert.False(channel.IsOpen);
    }

    [Fact]
    public async Task Who_waits_for_an_answer_learns_that_the_connection_ended()
    {
        var (link, channel) = await _server.AcceptAsync();
        await using var _ = link;
        var asking = channel.CountAsync("queue");
        await _server.DisposeAsync();
        var error = await Assert.ThrowsAsync<AmqpClosedException>(() => asking.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.False(error.Reason!.IsByServer);
    }

    [Fact]
    public async Task A_server_that_says_goodbye_is_answered_and_its_words_are_kept()
    {
        var (link, _) = await _server.AcceptAsync();
        var ended = Ended(link);
        await _server.SendAsync(new MethodFrame(0, Methods.ConnectionClose).UInt16(320).Short("CONNECTION_FORCED - bye").UInt32(0));
        await ended.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(new CloseReason(true, 320, "CONNECTION_FORCED - bye"), link.Reason);
        await link.DisposeAsync();
    }

    [Fact]
    public async Task A_channel_that_the_server_closes_leaves_the_connection_open_and_its_number_free()
    {
        var (link, channel) = await _server.AcceptAsync();
        await using var _ = link;
        var asking = channel.CountAsync("absent");
        await _server.SendAsync(new MethodFrame(1, Methods.ChannelClose).UInt16(404).Short("NOT_FOUND - no queue").UInt32(Methods.QueueDeclare));
        Assert.Equal(404, (await Assert.ThrowsAsync<AmqpClosedException>(() => asking)).Reason!.Code);
        var opening = link.OpenChannelAsync(confirms: false);
        await _server.SendAsync(new MethodFrame(1, Methods.ChannelOpenOk).Long([]));
        Assert.True((await opening.WaitAsync(s_patience, TestContext.Current.CancellationToken)).IsOpen && link.IsOpen);
    }

    [Fact]
    public async Task More_channels_than_were_agreed_on_are_refused_in_words()
    {
        var (link, _) = await _server.AcceptAsync();
        await using var __ = link;
        for (ushort number = 2; number <= 3; number++)
        {
            var opening = link.OpenChannelAsync(confirms: false);
            await _server.SendAsync(new MethodFrame(number, Methods.ChannelOpenOk).Long([]));
            await opening;
        }
        Assert.Contains("all 3 channels", (await Assert.ThrowsAsync<AmqpClosedException>(() => link.OpenChannelAsync(confirms: false))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_version_is_named()
    {
        var dialing = await _server.AcceptAndSayAsync([.. "AMQP"u8, 0, 1, 0, 0]);
        Assert.Contains("another version of AMQP", (await Assert.ThrowsAsync<TransportException>(() => dialing)).Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Task Ended(IAmqpLink link)
    {
        var ended = new TaskCompletionSource();
        link.Closed += () => ended.TrySetResult();
        if (!link.IsOpen)
        {
            ended.TrySetResult();
        }
        return ended.Task;
    }
}
