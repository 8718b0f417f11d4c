using Celeriac.Messaging;

namespace Celeriac;

/// <summary>What is known of one task of a list that was sent.</summary>
public enum BulkSendStatus
{
    /// <summary>The broker has it.</summary>
    Confirmed,
    /// <summary>The broker does not have it: it was refused, or never sent.</summary>
    Refused,
    /// <summary>The broker did not answer in time: it may have it. Look before you send it again.</summary>
    Unknown,
}

/// <summary>One task of a list that was sent.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">What is known.</param>
/// <param name="Error">Why, where the broker has not confirmed it.</param>
public sealed record BulkSendItem(string Id, BulkSendStatus Status, Exception? Error);

/// <summary>
/// Not all tasks of a list were sent. Those that were tried are in <see cref="Items"/>, in the order given, from the first on; what follows them in the list was not touched.
/// </summary>
public sealed class BulkSendException : TransportException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="items">What was tried.</param>
    /// <param name="cause">Why it ended.</param>
    public BulkSendException(IReadOnlyList<BulkSendItem> items, Exception cause)
        : base(
            $"Not all tasks were sent. Of {items.Count} that were tried {Count(items, BulkSendStatus.Confirmed)} are confirmed, {Count(items, BulkSendStatus.Refused)} were not sent and of {Count(items, BulkSendStatus.Unknown)} it is unknown. {cause.Message} Items says which.",
            cause) =>
        Items = items;

    /// <summary>What was tried, in order.</summary>
    public IReadOnlyList<BulkSendItem> Items { get; }

    /// <summary>The ids that the broker has.</summary>
    public IReadOnlyList<string> Confirmed => Ids(BulkSendStatus.Confirmed);

    /// <summary>The ids that the broker does not have.</summary>
    public IReadOnlyList<string> Refused => Ids(BulkSendStatus.Refused);

    /// <summary>The ids that the broker may have.</summary>
    public IReadOnlyList<string> Unknown => Ids(BulkSendStatus.Unknown);

    private static int Count(IReadOnlyList<BulkSendItem> items, BulkSendStatus status) => items.Count(item => item.Status == status);

    private string[] Ids(BulkSendStatus status) => [.. Items.Where(item => item.Status == status).Select(item => item.Id)];
}
