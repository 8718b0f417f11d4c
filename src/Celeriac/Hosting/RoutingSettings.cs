using Celeriac.Messaging;
using Microsoft.Extensions.Configuration;

namespace Celeriac.Hosting;

/// <summary>The settings that are maps: <c>task_routes</c> and <c>task_queues</c>.</summary>
internal static class RoutingSettings
{
    private static readonly string[] s_routeMembers = ["queue", "exchange", "routing_key", "priority"];
    private static readonly string[] s_queueMembers = ["exchange", "exchange_type", "routing_key", "max_priority", "type", "message_ttl", "expires", "broadcast"];

    /// <summary>Names or globs, each with a queue or with a map of queue, exchange, routing key and priority. A text has them as <c>glob=queue</c>.</summary>
    public static Setting Routes { get; } = new("task_routes", ["routes"], "pairs of a task's name or glob and its queue", "feeds.*=feeds,mail.send=mail", ReadRoutes) { ReadMap = ReadRoutes };

    /// <summary>Names, each with a map of properties. A text has the names alone.</summary>
    public static Setting Queues { get; } = new("task_queues", [], "names of queues, or a map of them", "celery,feeds", ReadQueues) { ReadMap = ReadQueues };

    private static OptionsChange? ReadRoutes(string text)
    {
        var pairs = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', StringSplitOptions.TrimEntries)).ToList();
        return !pairs.TrueForAll(pair => pair is [{ Length: > 0 }, { Length: > 0 }]) ? null : new OptionsChange(options => pairs.ForEach(pair => options.TaskRoutes.Add(pair[0], pair[1])), null);
    }

    /// <remarks>Configuration keeps no order of its keys: of two globs that match the longer one, which says more, comes first. A list keeps its order; its items say <c>task</c>.</remarks>
    private static OptionsChange ReadRoutes(IConfigurationSection section, List<string> faults)
    {
        var isList = section.GetChildren().All(child => int.TryParse(child.Key, out _));
        var items = section.GetChildren().Select(child => (Task: isList ? child["task"] ?? "" : child.Key, Section: child)).ToList();
        var routes = (isList ? items : [.. items.OrderByDescending(item => item.Task.Length)])
            .Select(item => (item.Task, Route: ReadRoute(item.Task, item.Section, isList, faults))).Where(pair => pair.Route is not null).ToList();
        return new OptionsChange(options => routes.ForEach(pair => options.TaskRoutes.Add(pair.Task, pair.Route!)), null);
    }

    private static TaskRoute? ReadRoute(string task, IConfigurationSection section, bool isList, List<string> faults)
    {
        if (task.Length == 0)
        {
            faults.Add($"Setting '{section.Path}' has no 'task'. Give the name or glob of the tasks that go there.");
            return null;
        }
        if (section.Value is { Length: > 0 } queue)
        {
            return new TaskRoute { Queue = queue };
        }
        var members = new Members(section, isList ? [.. s_routeMembers, "task"] : s_routeMembers, faults);
        return new TaskRoute { Queue = members.Text("queue"), Exchange = members.Text("exchange"), RoutingKey = members.Text("routing_key"), Priority = members.Byte("priority") };
    }

    private static OptionsChange ReadQueues(string text) => new(
        options =>
        {
            foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                options.TaskQueues.Add(new TaskQueue(name));
            }
        }, null);

    private static OptionsChange ReadQueues(IConfigurationSection section, List<string> faults)
    {
        var queues = section.GetChildren().Select(child => ReadQueue(child, faults)).ToList();
        return new OptionsChange(options => queues.ForEach(options.TaskQueues.Add), null);
    }

    private static TaskQueue ReadQueue(IConfigurationSection section, List<string> faults)
    {
        var members = new Members(section, s_queueMembers, faults);
        return members.Text("broadcast") is "true" or "True" ? TaskQueue.Broadcast(section.Key) : new TaskQueue(section.Key)
        {
            Exchange = members.Text("exchange"),
            ExchangeType = members.Choice<ExchangeType>("exchange_type"),
            RoutingKey = members.Text("routing_key"),
            MaxPriority = members.Byte("max_priority"),
            Type = members.Choice<QueueType>("type"),
            MessageTimeToLive = members.Time("message_ttl"),
            Expires = members.Time("expires"),
        };
    }

    /// <summary>The members of one map. What cannot be read becomes a fault.</summary>
    private sealed class Members
    {
        private readonly Dictionary<string, IConfigurationSection> _members = new(StringComparer.Ordinal);
        private readonly List<string> _faults;

        public Members(IConfigurationSection section, string[] known, List<string> faults)
        {
            _faults = faults;
            foreach (var child in section.GetChildren())
            {
                if (Array.Find(known, name => Setting.Normalise(name) == Setting.Normalise(child.Key)) is { } name)
                {
                    _members[name] = child;
                }
                else
                {
                    faults.Add($"Setting '{child.Path}' is unknown. {DidYouMean.Sentence(child.Key, known)}Correct or remove it. It may be one of: {string.Join(", ", known)}.");
                }
            }
        }

        public string? Text(string name) => _members.TryGetValue(name, out var member) && member.Value is { Length: > 0 } text ? text : null;

        public byte? Byte(string name) => Read(name, text => Setting.WholeNumber(text) is >= 0 and <= 255 and var number ? (byte)number : (byte?)null, "0–255");

        public TimeSpan? Time(string name) => Read(name, text => Setting.Time(text), "seconds, or hours as hh:mm:ss");

        public T? Choice<T>(string name) where T : struct, Enum => Read(
            name, text => Enum.GetNames<T>().Contains(text.Trim(), StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text.Trim(), ignoreCase: true) : (T?)null, string.Join(" or ", Enum.GetNames<T>()));

        private T? Read<T>(string name, Func<string, T?> read, string expected) where T : struct
        {
            if (Text(name) is not { } text)
            {
                return null;
            }
            var value = read(text);
            if (value is null)
            {
                _faults.Add($"Setting '{_members[name].Path}' is '{text}', but must be {expected}. Correct it.");
            }
            return value;
        }
    }
}
