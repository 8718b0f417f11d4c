using System.Diagnostics;

namespace Celeriac.Bench.Acting;

/// <summary>Measures one actor's part: its time, what it allocates, and how long single tasks take.</summary>
internal sealed class Meter
{
    private readonly double[] _times;
    private long _begun, _allocated;
    private int _count;

    /// <param name="most">How many single times are kept at most.</param>
    public Meter(int most) => _times = new double[most];

    /// <summary>Says that the measured part begins; whoever listens reads the processors' clocks now.</summary>
    public void Begin()
    {
        Console.Out.WriteLine("begin");
        Console.Out.Flush();
        _count = 0;
        _allocated = GC.GetTotalAllocatedBytes();
        _begun = Stopwatch.GetTimestamp();
    }

    /// <summary>Keeps the time of one task.</summary>
    public void Note(TimeSpan time)
    {
        var index = Interlocked.Increment(ref _count) - 1;
        if (index < _times.Length)
        {
            _times[index] = time.TotalMicroseconds;
        }
    }

    /// <summary>Keeps the time since a moment of <see cref="Stopwatch.GetTimestamp"/>, which is one clock for all processes of a Linux machine.</summary>
    public void NoteSince(long timestamp) => Note(Stopwatch.GetElapsedTime(timestamp));

    /// <summary>The measured part is over.</summary>
    public Report Finish(long tasks)
    {
        var seconds = _begun == 0 ? 0 : Stopwatch.GetElapsedTime(_begun).TotalSeconds;
        var allocated = _begun == 0 ? 0 : GC.GetTotalAllocatedBytes() - _allocated;
        var times = _times[..Math.Min(_times.Length, _count)];
        Array.Sort(times);
        return new Report(tasks, seconds, allocated, At(0.5), At(0.99), At(1));

        double At(double share) => times.Length == 0 ? double.NaN : times[(int)(share * (times.Length - 1))];
    }
}
