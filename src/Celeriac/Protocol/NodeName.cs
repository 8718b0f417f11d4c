using System.Globalization;
using System.Net;
using System.Text;

namespace Celeriac.Protocol;

/// <summary>Names of nodes: <c>name@host</c>. Two nodes of one name share control queues, so a C# worker is never <c>celery@host</c>.</summary>
internal static class NodeName
{
    /// <summary>The name part of a worker that was given none.</summary>
    public const string DefaultName = "celeriac";

    /// <summary>This machine's full host name.</summary>
    public static string Host { get; } = Dns.GetHostName();

    /// <summary>A worker's name where none was given.</summary>
    public static string Default => $"{DefaultName}@{Host}";

    /// <summary>The origin of what a program outside a worker sends.</summary>
    public static string Client { get; } = string.Create(CultureInfo.InvariantCulture, $"gen{Environment.ProcessId}@{Host}");

    /// <summary>
    /// Expands what was given with <c>-n</c>, by Celery's rules: <c>%h</c> the host's full name, <c>%n</c> its first label, <c>%d</c> its domain, <c>%i</c> the process index (0), <c>%%</c> a percent sign.
    /// Without an at sign the text is the host part.
    /// </summary>
    /// <exception cref="ArgumentException">There is another letter after a percent sign.</exception>
    public static string Expand(string? given, string? host = null)
    {
        host ??= Host;
        if (string.IsNullOrEmpty(given))
        {
            return $"{DefaultName}@{host}";
        }
        var at = given.IndexOf('@', StringComparison.Ordinal);
        var name = at > 0 ? given[..at] : DefaultName;
        var hostPart = at < 0 ? given : given[(at + 1)..];
        return Format($"{name}@{(hostPart.Length == 0 ? host : hostPart)}", host);
    }

    private static string Format(string pattern, string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        var text = new StringBuilder();
        for (var index = 0; index < pattern.Length; index++)
        {
            if (pattern[index] != '%' || index == pattern.Length - 1)
            {
                text.Append(pattern[index]);
                continue;
            }
            index++;
            text.Append(pattern[index] switch
            {
                'h' => host,
                'n' => dot < 0 ? host : host[..dot],
                'd' => dot < 0 ? "" : host[(dot + 1)..],
                'i' => "0",
                'I' => "",
                '%' => "%",
                var other => throw new ArgumentException($"The node name '{pattern}' holds '%{other}'. Use %h (host), %n (host's first label), %d (domain), %i (process index) or %% (a percent sign)."),
            });
        }
        return text.ToString();
    }
}
