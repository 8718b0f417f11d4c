namespace Celeriac.Redis.Broker.Scripts;

/// <summary>Scripts about lease holders, alike in both forms.</summary>
/// <param name="prelude">What the form's scripts begin with: it says what giving back, renewing and removing are.</param>
internal sealed class HolderScripts(string prelude)
{
    /// <summary>ARGV: name, milliseconds of the lease, ids of queues parted by commas. Answers the holder's number.</summary>
    public string Register { get; } = prelude + """
        local holder = redis.call('HINCRBY', own .. 'next', 'holder', 1)
        redis.call('HSET', own .. 'holder:' .. holder, 'name', arg(), 'lease', arg(), 'queues', arg())
        redis.call('HSET', own .. 'beats', holder, 1)
        redis.call('SADD', own .. 'holders', holder)
        return holder
        """;

    /// <summary>ARGV: holder; a list of queues that expire, with the time at which they do.</summary>
    public string Release { get; } = prelude + """
        local count = remove_holder(arg(), 0)
        local uses = args(2)
        for i = 1, #uses, 2 do redis.call('ZADD', own .. 'uses', 'XX', uses[i + 1], uses[i]) end
        return count
        """;

    /// <summary>ARGV: a list of holders; a list of queues that expire, with the time at which they do. Renews what the holders hold; answers the holders that are gone.</summary>
    public string Beat { get; } = prelude + """
        local gone = {}
        for _, holder in ipairs(args()) do
          if redis.call('EXISTS', own .. 'holder:' .. holder) == 0 then
            gone[#gone + 1] = holder
          else
            redis.call('HINCRBY', own .. 'beats', holder, 1)
            renew(holder)
          end
        end
        local uses = args(2)
        for i = 1, #uses, 2 do redis.call('ZADD', own .. 'uses', 'XX', uses[i + 1], uses[i]) end
        return gone
        """;

    /// <summary>Answers number, name, beat and lease of every holder.</summary>
    public string Beats { get; } = prelude + """
        local answer = {}
        for _, holder in ipairs(redis.call('SMEMBERS', own .. 'holders')) do
          local known = redis.call('HMGET', own .. 'holder:' .. holder, 'name', 'lease')
          answer[#answer + 1] = holder
          answer[#answer + 1] = known[1] or ''
          answer[#answer + 1] = redis.call('HGET', own .. 'beats', holder) or '0'
          answer[#answer + 1] = known[2] or '0'
        end
        return answer
        """;

    /// <summary>ARGV: a list of holders with their beats. Those that are still at it are removed, and their messages given back with a death.</summary>
    public string Reclaim { get; } = prelude + """
        local dead, count = args(2), 0
        for i = 1, #dead, 2 do
          if (redis.call('HGET', own .. 'beats', dead[i]) or '0') == dead[i + 1] then count = count + remove_holder(dead[i], 1) end
        end
        return count
        """;
}
