using Celeriac.Messaging.Stores;
using StackExchange.Redis;

namespace Celeriac.Redis.Native;

/// <summary>Units of one caller, who waits for their answers.</summary>
internal sealed class CommitJob
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Withdrawn = 2;

    // A caller's code must not delay the other callers.
    private readonly TaskCompletionSource<IReadOnlyList<UnitAnswer>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    /// <exception cref="Celeriac.Messaging.TransportRefusedException">A header nests too deep.</exception>
    public CommitJob(IReadOnlyList<StoreUnit> units)
    {
        Units = units;
        foreach (var unit in units)
        {
            EndsClaims &= unit.Claim is not null;
            foreach (var put in unit.Puts)
            {
                var bytes = NativeMessage.Write(put);
                Messages.Add(bytes);
                Weight += bytes.Length;
            }
        }
    }

    /// <summary>The units.</summary>
    public IReadOnlyList<StoreUnit> Units { get; }

    /// <summary>The messages of the units' puts, one after the other.</summary>
    public List<RedisValue> Messages { get; } = [];

    /// <summary>How many bytes it puts.</summary>
    public long Weight { get; }

    /// <summary>True where it only ends claims: its caller can wait for the truth, because nobody else waits for a claim.</summary>
    public bool EndsClaims { get; } = true;

    /// <summary>The answers.</summary>
    public Task<IReadOnlyList<UnitAnswer>> Completion => _completion.Task;

    /// <summary>False when the caller has gone before anything was sent.</summary>
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Started, Waiting) == Waiting;

    /// <summary>True when nothing will be sent because of this call.</summary>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting;

    /// <summary>Tells the caller the answers.</summary>
    public void Succeed(IReadOnlyList<UnitAnswer> answers) => _completion.TrySetResult(answers);

    /// <summary>Tells the caller that it failed.</summary>
    public void Fail(Exception error) => _completion.TrySetException(error);
}
