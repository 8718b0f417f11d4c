using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Celeriac.Protocol;

namespace Celeriac.Results;

/// <summary>
/// A fixed name of a process's own queue, for replies or events, on a broker whose queues do not expire: <c>celeriac.reply.host.1</c>, <c>…2</c>, … The processes of a machine that
/// use the same broker at the same time have different numbers; a lock file that ends with its process tells which are taken.
/// </summary>
internal sealed class ReplyQueueSlot : IDisposable
{
    private const int MostSlots = 10_000;
    private readonly FileStream _lock;

    private ReplyQueueSlot(string queue, FileStream held)
    {
        Queue = queue;
        _lock = held;
    }

    /// <summary>The queue's name.</summary>
    public string Queue { get; }

    /// <summary>Takes the lowest number that is free.</summary>
    /// <param name="broker">The broker's URL without its password.</param>
    /// <param name="purpose">What the queue is for: a part of its name.</param>
    /// <exception cref="InvalidOperationException">None is free, or the folder for temporary files cannot be written to.</exception>
    public static ReplyQueueSlot Take(string broker, string purpose = "reply")
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(broker)).AsSpan(0, 8));
        Exception? last = null;
        for (var number = 1; number <= MostSlots; number++)
        {
            var path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"celeriac-{purpose}-{key}-{number}.lock"));
            try
            {
                var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
                return new ReplyQueueSlot(string.Create(CultureInfo.InvariantCulture, $"celeriac.{purpose}.{NodeName.Host}.{number}"), held);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                last = error;
            }
        }
        throw new InvalidOperationException(
            $"No {purpose} queue is free for broker '{broker}': lock files celeriac-{purpose}-{key}-*.lock cannot be opened in '{Path.GetTempPath()}' ({last?.Message}). Make the folder writable, or set result_backend to a store.", last);
    }

    public void Dispose() => _lock.Dispose();
}
