using System.Net.Sockets;
using System.Security.Authentication;
using Celeriac.Messaging;
using StackExchange.Redis;

namespace Celeriac.Redis.Connecting;

/// <summary>What the library throws, in our words: its own carry half a page of counters.</summary>
internal static class RedisErrors
{
    // These pass by themselves: a server that loads its data, a replica that is being promoted, a script that runs long.
    private static readonly string[] s_passing = ["LOADING", "READONLY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "BUSY", "OOM", "MISCONF", "NOREPLICAS"];

    /// <summary>The error as callers get it; null where it is none of Redis.</summary>
    public static TransportException? Translate(string server, Exception error, TimeSpan timeout) => error switch
    {
        TransportException told => told,
        RedisServerException refusal when s_passing.Any(code => refusal.Message.StartsWith(code, StringComparison.Ordinal)) =>
            new TransportException($"'{server}' cannot serve now: {refusal.Message}", refusal),
        RedisServerException refusal => new TransportRefusedException($"'{server}' refuses: {refusal.Message}", refusal),
        RedisConnectionException lost when IsRefusal(lost) =>
            new TransportRefusedException($"'{server}' lets nobody in: {Reason(lost)} Check user, password, database and certificates in the URL.", lost),
        RedisTimeoutException or TimeoutException => new TransportException(
            $"'{server}' did not answer within {timeout.TotalSeconds:0.###} s. Check the server and the network, or raise publish_timeout in the URL.", error),
        RedisConnectionException lost => NotConnected(server, Reason(lost), lost),
        IOException or SocketException => NotConnected(server, Reason(error), error),
        RedisException other => new TransportException($"'{server}' failed: {FirstSentence(other.Message)}", other),
        _ => null,
    };

    /// <summary>There is no connection.</summary>
    /// <param name="server">The URL without password.</param>
    /// <param name="reason">Why, in a sentence.</param>
    /// <param name="error">What the library threw.</param>
    public static TransportException NotConnected(string server, string reason, Exception? error) =>
        new($"'{server}' is not connected: {reason} Check the server and the URL.", error);

    /// <summary>Whether a call that failed may have reached the server.</summary>
    public static bool MayBeSent(Exception error) => error switch
    {
        RedisConnectionException lost => lost.CommandStatus == CommandStatus.Sent || (lost.CommandStatus == CommandStatus.Unknown
            && lost.FailureType is not (ConnectionFailureType.UnableToConnect or ConnectionFailureType.UnableToResolvePhysicalConnection)),
        RedisTimeoutException late => late.Commandstatus is CommandStatus.Sent or CommandStatus.Unknown,
        TimeoutException or IOException or SocketException => true,
        _ => false,
    };

    /// <summary>Why there is no connection, in a sentence.</summary>
    public static string Reason(Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException or AuthenticationException or TransportException)
            {
                return EndWithDot(cause.Message);
            }
        }
        return ServerText(error) ?? (error as RedisConnectionException)?.FailureType switch
        {
            ConnectionFailureType.SocketClosed or ConnectionFailureType.SocketFailure => "The connection was lost.",
            ConnectionFailureType.AuthenticationFailure => "The login failed.",
            ConnectionFailureType.ProtocolFailure => "What answers there does not speak Redis.",
            ConnectionFailureType.UnableToConnect or ConnectionFailureType.UnableToResolvePhysicalConnection => "No connection could be made.",
            _ => FirstSentence(error.Message),
        };
    }

    private static bool IsRefusal(RedisConnectionException error) =>
        error.FailureType == ConnectionFailureType.AuthenticationFailure
        || error.Message.Contains("AuthenticationFailure", StringComparison.Ordinal) || error.Message.Contains("authentication failure", StringComparison.Ordinal);

    /// <summary>What the server itself said at the login, which the library wraps: <c>… (RedisServerException) Error: WRONGPASS … ConnectTimeout</c>.</summary>
    private static string? ServerText(Exception error)
    {
        const string mark = "(RedisServerException) Error: ";
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is RedisServerException told)
            {
                return EndWithDot(told.Message);
            }
            var at = cause.Message.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                return EndWithDot(cause.Message[(at + mark.Length)..].Replace(" ConnectTimeout", "", StringComparison.Ordinal));
            }
        }
        return null;
    }

    private static string FirstSentence(string text)
    {
        var end = text.AsSpan().IndexOfAny(['\n', ',']);
        return EndWithDot(end < 0 ? text : text[..end]);
    }

    /// <summary>The text as a sentence.</summary>
    public static string EndWithDot(string text) => text.TrimEnd() is var trimmed && trimmed.EndsWith('.') ? trimmed : $"{trimmed}.";
}
