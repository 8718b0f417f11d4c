using Celeriac.Messaging.Stores;

namespace Celeriac.Messaging;

/// <summary>
/// Small versioned values under keys, which expire, shared by all who name the same store: what unique tasks, limits, revocations and checkpoints are built on.
/// Several values change together or not at all. Accepted by the suite in <c>Celeriac.Conformance</c>.
/// </summary>
/// <remarks>
/// A key is 1–512 characters of printable ASCII without blanks; what stands before its first <c>/</c> is its kind, and lists stay within one kind. A content has
/// at most 256 KiB, a call at most 1,000 keys. An expired value is as one that was never written. Times are the store's own: hosts whose clocks differ agree on them.
/// </remarks>
public interface IStateStore
{
    /// <summary>
    /// Pulsed when a value of the kinds <c>paused</c> and <c>revoked</c>, which every worker follows, may have changed; null, the default, where the store tells
    /// nobody and is asked once a second.
    /// </summary>
    ChangeSignal? Followed => null;

    /// <summary>Reads values; those that do not exist or have expired are left out.</summary>
    /// <exception cref="ArgumentException">A key is none, or there are too many.</exception>
    /// <exception cref="TransportException">The store cannot be reached or refuses.</exception>
    ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes every change if every expectation holds, else none. Answers whether, and what stands under the keys now: after a refusal the values that were met
    /// instead, so that another try needs no other reading. A call that ends with an exception may have been carried out.
    /// </summary>
    /// <exception cref="ArgumentException">A key or a lifetime is none, a key is named twice, or something is too large.</exception>
    /// <exception cref="TransportException">The store cannot be reached or refuses.</exception>
    ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default);

    /// <summary>At most <paramref name="limit"/> values whose keys begin with a text, in the order of their keys.</summary>
    /// <param name="prefix">What the keys begin with; it holds a <c>/</c>.</param>
    /// <param name="limit">How many, 1–1,000.</param>
    /// <param name="after">The key that the last page ended with; null for the first page.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The prefix or the limit is none.</exception>
    /// <exception cref="TransportException">The store cannot be reached or refuses.</exception>
    ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default);
}

/// <summary>A value as read.</summary>
/// <param name="Key">The key.</param>
/// <param name="Content">The bytes.</param>
/// <param name="Version">Another one after every write, above 0; a deleted key does not begin anew.</param>
/// <param name="ExpiresAt">When it expires by the store's clock; null for never.</param>
public sealed record StateEntry(string Key, ReadOnlyMemory<byte> Content, long Version, DateTimeOffset? ExpiresAt);

/// <summary>What was read.</summary>
/// <param name="Entries">The values that are there.</param>
/// <param name="Now">The store's clock at the reading.</param>
public sealed record StateReading(IReadOnlyList<StateEntry> Entries, DateTimeOffset Now)
{
    /// <summary>The value under a key; null where there is none.</summary>
    public StateEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key);
}

/// <summary>What became of a write.</summary>
/// <param name="IsWritten">True where every change was made, false where none was.</param>
/// <param name="Present">What stands under the keys now.</param>
public sealed record StateAnswer(bool IsWritten, StateReading Present);

/// <summary>A change of one value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Content">The new content; null deletes the value, or, where there is none, only states the expectation.</param>
public sealed record StateChange(string Key, ReadOnlyMemory<byte>? Content)
{
    /// <summary>The version that must stand there: 0 for no value; null (the default) for whatever there is.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>How long the new value lives, from 1 ms on; null for ever. A deletion has none.</summary>
    public TimeSpan? Lifetime { get; init; }
}
