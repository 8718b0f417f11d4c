using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>How far the log goes.</summary>
/// <param name="Number">The number of the last entry; 0 for none.</param>
/// <param name="Version">The version of the value that says so.</param>
internal readonly record struct LogEnd(long Number, long Version);

/// <summary>
/// What was taken back, in the order in which it was: numbered entries and the number of the last one, which change together. Who follows it looks at one
/// value; while nothing is revoked it never reads another.
/// </summary>
internal sealed class RevocationLog(IStateStore store)
{
    /// <summary>How long a revocation is honoured: longer than a task is usually delayed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private const string End = "revocations/end";
    private const string Kind = "revoked";
    private const int MostTries = 50;
    private const int PageSize = 500;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    public async ValueTask<LogEnd> EndAsync(CancellationToken cancellationToken) => EndOf((await store.ReadAsync([End], cancellationToken).ConfigureAwait(false)).Find(End));

    /// <summary>Adds an entry behind the end; null where there is another end by now.</summary>
    public async ValueTask<LogEnd?> TryAppendAsync(LogEnd end, RevokedTasks tasks, CancellationToken cancellationToken)
    {
        var number = end.Number + 1;
        var answer = await store.TryWriteAsync(
        [
            new StateChange(End, Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture))) { ExpectedVersion = end.Version },
            new StateChange(KeyOf(number), tasks.Encode()) { Lifetime = Lifetime },
        ], cancellationToken).ConfigureAwait(false);
        return answer.IsWritten ? new LogEnd(number, answer.Present.Find(End)!.Version) : null;
    }

    /// <summary>Adds what a client has taken back.</summary>
    /// <exception cref="TransportException">The store cannot be reached, or others were faster each time.</exception>
    public async ValueTask AppendAsync(RevokedTasks tasks, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var part in tasks.InParts())
        {
            for (var tries = 1; await TryAppendAsync(await EndAsync(cancellationToken).ConfigureAwait(false), part, cancellationToken).ConfigureAwait(false) is null; tries++)
            {
                if (tries == MostTries)
                {
                    throw new TransportException($"The revocation could not be kept in shared state: in each of {MostTries} tries somebody else was faster. Revoke again.");
                }
                await Task.Delay(s_longestPause * Random.Shared.NextDouble(), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The entries behind a number, each with its age.</summary>
    public async IAsyncEnumerable<(RevokedTasks Tasks, TimeSpan Age)> ReadAsync(long after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var key = KeyOf(after);
        StateReading page;
        do
        {
            page = await store.ListAsync($"{Kind}/", PageSize, key, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                key = entry.Key;
                if (RevokedTasks.Decode(entry.Content) is { } tasks)
                {
                    yield return (tasks, entry.ExpiresAt is { } expires ? Lifetime - (expires - page.Now) : TimeSpan.Zero);
                }
            }
        }
        while (page.Entries.Count == PageSize);
    }

    private static string KeyOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{Kind}/{number:D19}");

    private static LogEnd EndOf(StateEntry? entry) =>
        entry is not null && long.TryParse(entry.Content.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new LogEnd(number, entry.Version) : new LogEnd(0, entry?.Version ?? 0);
}
