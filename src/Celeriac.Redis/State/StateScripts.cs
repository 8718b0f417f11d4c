namespace Celeriac.Redis.State;

/// <summary>
/// Shared state in Redis. A value is <c>version:content</c> under its key, with Redis' own expiry. Beside it each kind of keys has a sorted set of its keys by
/// the time at which they expire, for lists: whoever writes takes out what has expired.
/// </summary>
internal static class StateScripts
{
    /// <summary>KEYS: the keys. Answers the seconds and microseconds of the clock, then for each key its value or nothing, and its milliseconds to live, negative for ever.</summary>
    public const string Read = """
        local time = redis.call('TIME')
        local answer = {time[1], time[2]}
        for i = 1, #KEYS do
          answer[#answer + 1] = redis.call('GET', KEYS[i])
          answer[#answer + 1] = redis.call('PTTL', KEYS[i])
        end
        return answer
        """;

    /// <summary>
    /// KEYS: n keys, then the n sorted sets of their kinds. ARGV: 1 where the call may have come before, else 0; then for each change the version expected or
    /// nothing, the new version or nothing for a deletion, the milliseconds to live or nothing, the content, and its name in the set.
    /// Answers 1 where it was written, else 0; then as <see cref="Read"/>. A new version that stands there is this very call's, whose answer was lost.
    /// </summary>
    public const string Write = """
        local n = #KEYS / 2
        local mayBeDone = ARGV[1] == '1'
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local fits = true
        local done = false
        for i = 1, n do
          local at = 2 + (i - 1) * 5
          local present = redis.call('GET', KEYS[i])
          local version = present and string.match(present, '^%d+') or '0'
          if mayBeDone and ARGV[at + 1] ~= '' and version == ARGV[at + 1] then done = true end
          if ARGV[at] ~= '' and version ~= ARGV[at] and not (mayBeDone and ARGV[at + 1] == '' and version == '0') then fits = false end
        end
        if fits and not done then
          for i = 1, n do
            local at = 2 + (i - 1) * 5
            redis.call('ZREMRANGEBYSCORE', KEYS[n + i], '-inf', now)
            if ARGV[at + 1] == '' then
              redis.call('DEL', KEYS[i])
              redis.call('ZREM', KEYS[n + i], ARGV[at + 4])
            elseif ARGV[at + 2] == '' then
              redis.call('SET', KEYS[i], ARGV[at + 1] .. ':' .. ARGV[at + 3])
              redis.call('ZADD', KEYS[n + i], '+inf', ARGV[at + 4])
            else
              redis.call('SET', KEYS[i], ARGV[at + 1] .. ':' .. ARGV[at + 3], 'PX', ARGV[at + 2])
              redis.call('ZADD', KEYS[n + i], string.format('%.0f', now + ARGV[at + 2]), ARGV[at + 4])
            end
          end
        end
        local answer = {(fits or done) and 1 or 0, time[1], time[2]}
        for i = 1, n do
          answer[#answer + 1] = redis.call('GET', KEYS[i])
          answer[#answer + 1] = redis.call('PTTL', KEYS[i])
        end
        return answer
        """;
}
