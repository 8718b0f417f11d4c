using System.Text.RegularExpressions;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;

namespace Celeriac.Amqp;

/// <summary>RabbitMQ's reply codes in words.</summary>
internal static partial class AmqpErrors
{
    /// <summary>True where the server refused something and would refuse it again; false where a connection or server went away.</summary>
    public static bool IsRefusal(CloseReason? reason) =>
        reason is { IsByServer: true, Code: 311 or 403 or 404 or 405 or 406 or 530 or 540 };

    public static bool IsNotFound(Exception error) => error is AmqpClosedException { Reason.Code: 404 };

    /// <summary>What to throw for a call that a closing channel or connection ended.</summary>
    /// <param name="reason">Why it closed.</param>
    /// <param name="what">What failed, as the beginning of a sentence: <c>Queue 'mail' cannot be declared</c>.</param>
    /// <param name="inner">What the channel threw.</param>
    public static TransportException Explain(CloseReason? reason, string what, Exception? inner = null) =>
        IsRefusal(reason)
            ? new TransportRefusedException($"{what}: {Words(reason!)}", inner)
            : new TransportException($"{what}: the connection to RabbitMQ was lost ({TextOf(reason)}). It is made again by itself; call again.", inner);

    /// <summary>The reason in a few words, for logs.</summary>
    public static string TextOf(CloseReason? reason) => reason switch
    {
        null => "no reason given",
        { Text.Length: 0 } => $"code {reason.Code}",
        _ => reason.Error is { } error and not EndOfStreamException && error.Message != reason.Text ? $"{reason.Text}: {error.Message}" : reason.Text,
    };

    private static string Words(CloseReason reason) => reason.Code switch
    {
        403 => $"RabbitMQ denies it ({reason.Text}). Give the user the permission, or use another name.",
        404 => $"it does not exist ({reason.Text}). Declare it first.",
        405 => $"another connection has it for itself alone ({reason.Text}). Close that connection, or use another name.",
        406 => Difference(reason.Text),
        530 => $"RabbitMQ does not allow it ({reason.Text}). Check the virtual host and the name.",
        540 => $"this RabbitMQ does not know it ({reason.Text}). Use a newer server, or leave it out.",
        _ => $"RabbitMQ refuses it ({reason.Text}).",
    };

    private static string Difference(string text) => Inequivalent().Match(text) is { Success: true } match
        ? $"it exists with other properties: {match.Groups["name"].Value} is {Present(match.Groups["current"].Value)}, asked for {Asked(match.Groups["received"].Value)}. Declare it alike, or delete it first."
        : $"RabbitMQ refuses it ({text}). Correct the property that it names.";

    private static string Present(string current) => current.StartsWith("none", StringComparison.Ordinal) ? "not set" : TypeOf().Replace(current, "");

    private static string Asked(string received) => received.StartsWith("none", StringComparison.Ordinal) ? "not set" : TypeOf().Replace(received, "");

    [GeneratedRegex("inequivalent arg '(?<name>[^']*)' for .*: received (?:the value )?(?<received>.*) but current is (?<current>.*)$", RegexOptions.Singleline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Inequivalent();

    [GeneratedRegex(" of type '[^']*'|^the value ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TypeOf();
}
