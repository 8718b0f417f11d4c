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
        var reading = Task.Run(ReadAsync, CancellationToken.None);
        await Windowed.RunAsync(arguments.Warm, arguments.Window, WriteAsync);
        meter.Begin();
        await Windowed.RunAsync(arguments.Tasks, arguments.Window, WriteAsync);
        await reading;
        return meter.Finish(arguments.Tasks);

        async Task WriteAsync(int _) => await channel.Writer.WriteAsync(message, CancellationToken.None);

        async Task ReadAsync()
        {
            for (var count = 0; count < arguments.Warm + arguments.Tasks; count++)
            {
                await channel.Reader.ReadAsync(CancellationToken.None);
            }
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
