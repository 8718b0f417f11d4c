namespace Celeriac.Redis.Broker.Scripts;

/// <summary>What the scripts of both forms have in common.</summary>
internal static class ScriptParts
{
    /// <summary>Arguments one after the other, lists with their length before them; behind it stands what says where they begin (<c>at</c>), and the prefix of the form's keys (<c>own</c>).</summary>
    public const string Arguments = """
        local function arg() at = at + 1; return ARGV[at] end
        local function args(each)
          local list = {}
          for i = 1, tonumber(arg()) * (each or 1) do list[i] = arg() end
          return list
        end
        local function serves(holder, queue)
          local queues = redis.call('HGET', own .. 'holder:' .. holder, 'queues') or ''
          return string.find(',' .. queues .. ',', ',' .. queue .. ',', 1, true) ~= nil
        end

        """;
}
