using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using StackExchange.Redis;

namespace Celeriac.Redis.Native;

/// <summary>The units of some jobs as arguments of the script that commits them, and its answers as theirs.</summary>
internal sealed class CommitBatch
{
    private readonly IReadOnlyList<CommitJob> _jobs;
    private readonly Dictionary<long, List<DeliveryClaim>> _holders = [];
    private readonly long? _version;

    public CommitBatch(IReadOnlyList<CommitJob> jobs)
    {
        _jobs = jobs;
        // Callers route by what they looked up some time ago: what is older than the newest of them is stale for certain.
        _version = jobs.SelectMany(job => job.Units).Max(unit => unit.TopologyVersion);
        foreach (var unit in jobs.SelectMany(job => job.Units))
        {
            if (unit.Claim is { } claim && !IsStale(unit))
            {
                (_holders.TryGetValue(claim.Holder, out var claims) ? claims : _holders[claim.Holder] = []).Add(claim);
            }
        }
    }

    /// <summary>True where somebody may be waiting for it. That a message is gone is no news.</summary>
    public bool IsNews => _jobs.Any(job => job.Units.Any(unit => unit.Puts.Count > 0 || unit.End == ClaimEnd.Return));

    /// <summary>The arguments behind the batch's number.</summary>
    public List<RedisValue> Arguments()
    {
        var arguments = new List<RedisValue> { _version is { } version ? version : "", _jobs.Sum(job => job.Messages.Count), _holders.Count };
        var numbers = new Dictionary<long, int>(_holders.Count);
        var claimsBefore = 0;
        foreach (var (holder, claims) in _holders)
        {
            numbers[holder] = claimsBefore;
            claimsBefore += claims.Count;
            arguments.Add(holder);
            arguments.Add(claims.Count);
            foreach (var claim in claims)
            {
                arguments.Add(claim.Tag);
                arguments.Add(claim.Generation);
            }
        }
        arguments.Add(_jobs.Sum(job => job.Units.Count(unit => !IsStale(unit))));
        foreach (var job in _jobs)
        {
            Add(arguments, job, numbers);
        }
        return arguments;
    }

    /// <summary>Tells each caller its answers.</summary>
    public void Tell(string answers)
    {
        var at = 0;
        foreach (var job in _jobs)
        {
            var own = new UnitAnswer[job.Units.Count];
            for (var index = 0; index < own.Length; index++)
            {
                own[index] = IsStale(job.Units[index]) ? new UnitAnswer(UnitStatus.StaleTopology) : AnswerOf(answers[at++]);
            }
            job.Succeed(own);
        }
    }

    private bool IsStale(StoreUnit unit) => unit.TopologyVersion < _version;

    private void Add(List<RedisValue> arguments, CommitJob job, Dictionary<long, int> numbers)
    {
        var message = 0;
        foreach (var unit in job.Units)
        {
            if (IsStale(unit))
            {
                message += unit.Puts.Count;
                continue;
            }
            var isPutting = unit.TopologyVersion is not null;
            arguments.Add(KindOf(unit, isPutting));
            if (unit.Claim is { } claim)
            {
                arguments.Add(++numbers[claim.Holder]);
            }
            if (isPutting)
            {
                arguments.Add(unit.Puts.Count);
            }
            foreach (var put in unit.Puts)
            {
                arguments.Add(put.QueueId);
                arguments.Add(WhenOf(put));
                arguments.Add(job.Messages[message++]);
            }
        }
    }

    private static RedisValue KindOf(StoreUnit unit, bool isPutting) => (unit.Claim, unit.End) switch
    {
        (null, _) => "p",
        (_, ClaimEnd.Remove) => isPutting ? "A" : "a",
        _ => isPutting ? "R" : "r",
    };

    private static RedisValue WhenOf(StorePut put) => put is { Priority: 0, Due: 0, ExpiresAt: 0 } ? "" : string.Create(CultureInfo.InvariantCulture, $"{put.Priority},{put.Due},{put.ExpiresAt}");

    private static UnitAnswer AnswerOf(char answer) => new(answer switch
    {
        'a' => UnitStatus.Applied,
        'l' => UnitStatus.Lost,
        's' => UnitStatus.StaleTopology,
        _ => throw new FormatException($"The script that commits answered '{answer}', which this version does not know."),
    });
}
