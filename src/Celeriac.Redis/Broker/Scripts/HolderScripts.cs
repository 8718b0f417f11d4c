namespace Celeriac.Redis.Broker.Scripts;

/// <summary>Scripts about lease holders and the topology.</summary>
internal static class HolderScripts
{
    /// <summary>ARGV: name, milliseconds of the lease, ids of queues parted by commas. Answers the holder's number.</summary>
    public const string Register = BrokerScripts.Prelude + """
        local holder = redis.call('HINCRBY', own .. 'next', 'holder', 1)
        redis.call('HSET', own .. 'holder:' .. holder, 'name', arg(), 'lease', arg(), 'queues', arg())
        redis.call('HSET', own .. 'beats', holder, 1)
        redis.call('SADD', own .. 'holders', holder)
        return holder
        """;

    /// <summary>ARGV: holder; a list of queues that expire, with the time at which they do.</summary>
    public const string Release = BrokerScripts.Prelude + """
        local count = remove_holder(arg(), 0)
        local uses = args(2)
        for i = 1, #uses, 2 do redis.call('ZADD', own .. 'uses', 'XX', uses[i + 1], uses[i]) end
        return count
        """;

    /// <summary>ARGV: a list of holders; a list of queues that expire, with the time at which they do. Renews the holders' claims in Kombu's index; answers the holders that are gone.</summary>
    public const string Beat = BrokerScripts.Prelude + """
        local gone, now = {}, seconds()
        for _, holder in ipairs(args()) do
          if redis.call('EXISTS', own .. 'holder:' .. holder) == 0 then
            gone[#gone + 1] = holder
          else
            redis.call('HINCRBY', own .. 'beats', holder, 1)
            for _, number in ipairs(redis.call('HKEYS', own .. 'claims:' .. holder)) do
              redis.call('ZADD', index, 'XX', now, tag(holder, number))
            end
          end
        end
        local uses = args(2)
        for i = 1, #uses, 2 do redis.call('ZADD', own .. 'uses', 'XX', uses[i + 1], uses[i]) end
        return gone
        """;

    /// <summary>Answers number, name, beat and lease of every holder.</summary>
    public const string Beats = BrokerScripts.Prelude + """
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
    public const string Reclaim = BrokerScripts.Prelude + """
        local dead, count = args(2), 0
        for i = 1, #dead, 2 do
          if (redis.call('HGET', own .. 'beats', dead[i]) or '0') == dead[i + 1] then count = count + remove_holder(dead[i], 1) end
        end
        return count
        """;

    /// <summary>
    /// ARGV: the digest of all that the caller knows, or nothing. Answers the digest of all that is; and where it is another one, the version of our declarations, then four lists:
    /// exchanges with their kinds, queues with their declarations, bindings of fanout exchanges, and for each other exchange its name, its set's digest and members.
    /// </summary>
    public const string Lookup = BrokerScripts.Prelude + """
        local version = redis.call('HGET', own .. 'topology', 'version') or '0'
        local exchanges = redis.call('HGETALL', own .. 'exchanges')
        local sets, all = {}, version
        for i = 1, #exchanges, 2 do
          if not string.match(exchanges[i + 1], '^Fanout') then
            local members = redis.call('SMEMBERS', prefix .. '_kombu.binding.' .. exchanges[i])
            table.sort(members)
            local digest = redis.sha1hex(table.concat(members, '\n'))
            sets[#sets + 1] = {exchanges[i], digest, members}
            all = all .. '|' .. exchanges[i] .. '|' .. digest
          end
        end
        all = redis.sha1hex(all)
        if all == arg() then return {all} end
        return {all, version, exchanges, redis.call('HGETALL', own .. 'queues'), redis.call('SMEMBERS', own .. 'fanouts'), sets}
        """;

    /// <summary>
    /// ARGV: the version expected; a list of queues to delete, each its id, 1 where only if nobody serves it, and its name; a list of queues to make, each its name, declaration and the time at
    /// which it expires or nothing; then commands, each a list. Answers 1 where it was changed.
    /// </summary>
    public const string Change = BrokerScripts.Prelude + """
        if (redis.call('HGET', own .. 'topology', 'version') or '0') ~= arg() then return 0 end
        local deleted, made = args(3), args(3)
        local holders = redis.call('SMEMBERS', own .. 'holders')
        for i = 1, #deleted, 3 do
          for _, holder in ipairs(holders) do
            if deleted[i + 1] == '1' and serves(holder, deleted[i]) then return 0 end
          end
        end
        for i = 1, #deleted, 3 do
          for _, holder in ipairs(holders) do
            local claims = redis.call('HGETALL', own .. 'claims:' .. holder)
            for c = 1, #claims, 2 do
              if string.match(claims[c + 1], '^([^|]*)|') == deleted[i] then unclaim(holder, claims[c]) end
            end
          end
          redis.call('HDEL', own .. 'queues', deleted[i + 2])
          redis.call('SREM', own .. 'delaying', deleted[i + 2])
          redis.call('ZREM', own .. 'uses', deleted[i + 2])
          redis.call('SREM', own .. 'expiring', deleted[i + 2])
        end
        for i = 1, #made, 3 do
          redis.call('HSET', own .. 'queues', made[i], redis.call('HINCRBY', own .. 'next', 'queue', 1) .. ':' .. made[i + 1])
          if made[i + 2] ~= '' then redis.call('ZADD', own .. 'uses', made[i + 2], made[i]) end
        end
        for c = 1, tonumber(arg()) do redis.call(unpack(args())) end
        -- Replies that nobody declared a queue for live for a day; in a queue they stay.
        for i = 1, #made, 3 do redis.call('PERSIST', prefix .. made[i]) end
        redis.call('HINCRBY', own .. 'topology', 'version', 1)
        return 1
        """;
}
