using System.Threading.Channels;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>The least that a queue in memory can be: a bounded channel, one reader that counts.</summary>
internal sealed class ChannelHandOff(Arguments arguments) : Actor
{
    public override async Task<Report> RunAsync(CancellationToken end)
    {
        var meter = new Meter(0);
        var channel = Channel.CreateBounded<object>(1000);
        var message = new object();
        meter.Begin();
        var reading = Task.Run(ReadAsync, CancellationToken.None);
        await Windowed.RunAsync(arguments.Tasks, arguments.Window, async _ => await channel.Writer.WriteAsync(message, CancellationToken.None));
        return meter.Finish(await reading);

        async Task<int> ReadAsync()
        {
            var count = 0;
            while (count < arguments.Tasks)
            {
                await channel.Reader.ReadAsync(CancellationToken.None);
                count++;
            }
            return count;
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
