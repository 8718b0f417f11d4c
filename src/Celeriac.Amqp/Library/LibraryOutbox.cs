using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>The messages that RabbitMQ.Client has still to write: they stand in a channel of its own, which one loop empties.</summary>
internal static class LibraryOutbox
{
    /// <summary>Tells how many stand there; null where a later version keeps them otherwise, or they are trimmed away.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "What is trimmed away is not found, and each message is written by itself.")]
    public static Func<int>? CountOf(IConnection connection)
    {
        var reader = FieldOf(FieldOf(connection, "_frameHandler"), "_channelReader");
        return reader?.GetType().GetProperty("Count") is { CanRead: true } count && count.PropertyType == typeof(int) ? count.GetMethod!.CreateDelegate<Func<int>>(reader) : null;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "What is trimmed away is not found, and each message is written by itself.")]
    private static object? FieldOf(object? owner, string name) => owner?.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)?.GetValue(owner);
}
