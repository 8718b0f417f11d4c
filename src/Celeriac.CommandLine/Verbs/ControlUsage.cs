using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Messaging;

namespace Celeriac.CommandLine.Verbs;

/// <summary>How a remote control command is written on the command line: Celery's order of arguments.</summary>
/// <param name="Name">The command.</param>
/// <param name="IsInspect">True where it belongs to <c>inspect</c>, else to <c>control</c>.</param>
/// <param name="Signature">Its arguments, for people.</param>
/// <param name="Arguments">The names of its arguments in order, each with what it must be: <c>n</c> a number, <c>b</c> true or false, else text.</param>
internal sealed record ControlUsage(string Name, bool IsInspect, string Signature, params string[] Arguments)
{
    /// <summary>The argument that takes all that is left over; null for none.</summary>
    public string? Rest { get; init; }

    public static IReadOnlyList<ControlUsage> All { get; } =
    [
        new("active", true, ""),
        new("active_queues", true, ""),
        new("clock", true, ""),
        new("conf", true, "[include_defaults]", "with_defaults:b"),
        new("memdump", true, "[samples]", "samples:n"),
        new("memsample", true, ""),
        new("objgraph", true, "[type] [num] [max_depth]", "type", "num:n", "max_depth:n"),
        new("ping", true, ""),
        new("query_task", true, "[id …]") { Rest = "ids" },
        new("registered", true, "[attribute …]") { Rest = "taskinfoitems" },
        new("report", true, ""),
        new("reserved", true, ""),
        new("revoked", true, ""),
        new("scheduled", true, ""),
        new("stats", true, ""),
        new("add_consumer", false, "<queue> [exchange] [type] [routing_key]", "queue", "exchange", "exchange_type", "routing_key"),
        new("autoscale", false, "[max] [min]", "max:n", "min:n"),
        new("cancel_consumer", false, "<queue>", "queue"),
        new("disable_events", false, ""),
        new("election", false, "<id> <topic> [action]", "id", "topic", "action"),
        new("enable_events", false, ""),
        new("heartbeat", false, ""),
        new("pool_grow", false, "[n]", "n:n"),
        new("pool_restart", false, ""),
        new("pool_shrink", false, "[n]", "n:n"),
        new("rate_limit", false, "<task_name> <rate, for example 10/m>", "task_name", "rate_limit"),
        new("revoke", false, "[id …]") { Rest = "task_id" },
        new("revoke_by_stamped_headers", false, "[name=value …]") { Rest = "headers" },
        new("shutdown", false, ""),
        new("terminate", false, "<signal> [id …]", "signal") { Rest = "task_id" },
        new("time_limit", false, "<task_name> <soft> [hard]", "task_name", "soft:n", "hard:n"),
    ];

    public static string Names(bool inspects) => string.Join(", ", All.Where(usage => usage.IsInspect == inspects).Select(usage => $"{usage.Name} {usage.Signature}".TrimEnd()));

    /// <summary>The arguments of a command as the message has them.</summary>
    /// <exception cref="UsageException">They make no sense, or the command is a misspelt one.</exception>
    public static JsonObject Read(string command, bool inspects, IReadOnlyList<string> words)
    {
        var known = All.FirstOrDefault(usage => usage.Name == command);
        if (known is not null && known.IsInspect != inspects)
        {
            throw new UsageException($"'{command}' is a command of '{(known.IsInspect ? "inspect" : "control")}'. Run '{(known.IsInspect ? "inspect" : "control")} {command}'.");
        }
        return known is null ? ReadOwn(command, inspects, words) : known.Read(words);
    }

    private JsonObject Read(IReadOnlyList<string> words)
    {
        if (words.Count > Arguments.Length && Rest is null)
        {
            throw new UsageException($"Command '{Name}' takes arguments: {(Signature.Length == 0 ? "none" : Signature)}.");
        }
        var read = new JsonObject();
        foreach (var (argument, word) in Arguments.Zip(words))
        {
            var (name, kind) = argument.Split(':') is [var first, var second] ? (first, second) : (argument, "");
            read[name] = ValueOf(name, kind, word);
        }
        if (Rest is not null)
        {
            read[Rest] = new JsonArray([.. words.Skip(Arguments.Length).Select(word => (JsonNode?)word)]);
        }
        return read;
    }

    /// <summary>A command of the workers' own program: its arguments are written <c>name=value</c>, where a value that is JSON is taken as such.</summary>
    private static JsonObject ReadOwn(string command, bool inspects, IReadOnlyList<string> words)
    {
        var meant = DidYouMean.Sentence(command, All.Where(usage => usage.IsInspect == inspects).Select(usage => usage.Name));
        if (meant.Length > 0)
        {
            throw new UsageException($"There is no command '{command}'. {meant}".TrimEnd());
        }
        var read = new JsonObject();
        foreach (var pair in words.Select(word => word.Split('=', 2)))
        {
            read[pair[0]] = pair.Length == 2 ? JsonOrText(pair[1]) : throw new UsageException($"Argument '{pair[0]}' of command '{command}' has no value. Write name=value.");
        }
        return read;
    }

    private JsonNode ValueOf(string name, string kind, string word) => kind switch
    {
        "n" => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number == Math.Truncate(number) && Math.Abs(number) < 1e15 ? (long)number : number
            : throw new UsageException($"Argument '{name}' of command '{Name}' is '{word}', but must be a number."),
        "b" => word.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "1" => true,
            "false" or "no" or "off" or "0" => false,
            _ => throw new UsageException($"Argument '{name}' of command '{Name}' is '{word}', but must be true or false."),
        },
        _ => word,
    };

    private static JsonNode? JsonOrText(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
