using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Brokers;

/// <summary>Queue names as destinations.</summary>
internal static class Destinations
{
    private const string ActiveMqPrefix = "/queue/";
    private const string RabbitMqPrefix = "/amq/queue/";
    private const string EscapedSlash = "%2F";
    private const string RabbitMqReplies = "/reply-queue/";

    /// <summary>
    /// ActiveMQ reads a name: <c>,</c> sends to two queues, <c>*</c> and <c>&gt;</c> subscribe to many, <c>?</c> begins options. Such characters
    /// travel as %XX, and so does <c>%</c>; every other name is the queue's name on the broker, as a third party would write it.
    /// </summary>
    internal static string ActiveMq(string queue)
    {
        var text = new StringBuilder(ActiveMqPrefix, ActiveMqPrefix.Length + queue.Length);
        for (var index = 0; index < queue.Length; index++)
        {
            var letter = queue[index];
            var isEdgeSpace = letter == ' ' && (index == 0 || index == queue.Length - 1);
            if (letter is ',' or '*' or '>' or '?' or '%' || isEdgeSpace)
            {
                text.Append('%').Append(((int)letter).ToString("X2", CultureInfo.InvariantCulture));
            }
            else
            {
                text.Append(letter);
            }
        }
        return text.ToString();
    }

    /// <summary>The queue's name in ActiveMQ's form of it.</summary>
    internal static string FromActiveMq(string destination) =>
        destination.StartsWith(ActiveMqPrefix, StringComparison.Ordinal) ? Uri.UnescapeDataString(destination[ActiveMqPrefix.Length..]) : destination;

    /// <summary>The queue's name in RabbitMQ's forms of it: the plug-in puts <c>/reply-queue/</c> before the name an AMQP publisher, or we, gave.</summary>
    internal static string FromRabbitMq(string destination) =>
        destination.StartsWith(RabbitMqReplies, StringComparison.Ordinal) ? destination[RabbitMqReplies.Length..]
        : destination.StartsWith(RabbitMqPrefix, StringComparison.Ordinal) ? WithSlashes(destination[RabbitMqPrefix.Length..])
        : destination.StartsWith(ActiveMqPrefix, StringComparison.Ordinal) ? WithSlashes(destination[ActiveMqPrefix.Length..])
        : destination;

    /// <summary>A queue of RabbitMQ that exists. Unlike <c>/queue/…</c> it is not declared again by each frame, so its arguments may be any.</summary>
    /// <exception cref="TransportRefusedException">The plug-in has no form for the name.</exception>
    internal static string RabbitMq(string queue) => RabbitMqPrefix + WithoutSlashes(queue);

    /// <summary>RabbitMQ declares the queue of such a frame with the properties in its headers.</summary>
    /// <exception cref="TransportRefusedException">The plug-in has no form for the name.</exception>
    internal static string RabbitMqDeclaring(string queue) => ActiveMqPrefix + WithoutSlashes(queue);

    // The plug-in reads %2F as a slash and leaves every other %XX as it is.
    private static string WithoutSlashes(string queue) => queue.Contains(EscapedSlash, StringComparison.Ordinal)
        ? throw new TransportRefusedException(
            $"Queue '{queue}' cannot be reached: RabbitMQ's STOMP plug-in reads '{EscapedSlash}' as '/' and has no form for itself. Use amqp://, or another name.")
        : queue.Replace("/", EscapedSlash, StringComparison.Ordinal);

    private static string WithSlashes(string name) => name.Replace(EscapedSlash, "/", StringComparison.Ordinal);
}
