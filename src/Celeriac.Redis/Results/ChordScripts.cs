namespace Celeriac.Redis.Results;

/// <summary>Chords in Redis in Celery's own form (CELERY-PROTOCOL 13.2), so that Python and C# count together.</summary>
internal static class ChordScripts
{
    /// <summary>
    /// KEYS: the sorted set of the members that have ended, the size, what was added to it later. ARGV: the place, the member, the start of every form of it that is this very
    /// task's, in Python's spacing and ours, and the seconds all is kept, 0 for ever. A member is added once, whatever its result is the second time.
    /// Answers how many have ended, the size and what was added, nothing where there is none.
    /// </summary>
    public const string Add = """
        local there = false
        for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])) do
          if string.sub(member, 1, #ARGV[3]) == ARGV[3] or string.sub(member, 1, #ARGV[4]) == ARGV[4] then there = true end
        end
        if not there then redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2]) end
        if ARGV[5] ~= '0' then
          for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[5]) end
        end
        return {redis.call('ZCARD', KEYS[1]), redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])}
        """;

    /// <summary>KEYS: what was added to the size, and who was. ARGV: a task, the seconds all is kept. A task is added once.</summary>
    public const string Grow = """
        if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end
        redis.call('INCR', KEYS[1])
        if ARGV[2] ~= '0' then
          redis.call('EXPIRE', KEYS[1], ARGV[2])
          redis.call('EXPIRE', KEYS[2], ARGV[2])
        end
        return 1
        """;

    /// <summary>KEYS: the size. ARGV: the size, the seconds it is kept. Celery publishes it too; nobody listens.</summary>
    public const string Begin = """
        if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1]) end
        return 1
        """;
}
