namespace Celeriac.Redis.Broker.Scripts;

/// <summary>Scripts about what is declared.</summary>
internal static class TopologyScripts
{
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
    /// ARGV: the version expected; a list of queues to delete, each its id, 0 or the time at which it must be unused, and its name; a list of queues to make, each its name, declaration and the time at
    /// which it expires or nothing; then commands, each a list. Answers 1 where it was changed, and the
    /// name of a queue that is there in the native form already.
    /// </summary>
    public const string Change = BrokerScripts.Prelude + """
        if (redis.call('HGET', own .. 'topology', 'version') or '0') ~= arg() then return 0 end
        local deleted, made = args(3), args(3)
        for i = 1, #made, 3 do
          if redis.call('HEXISTS', prefix .. 'celeriac-queues:names', made[i]) == 1 then return made[i] end
        end
        local holders = redis.call('SMEMBERS', own .. 'holders')
        for i = 1, #deleted, 3 do
          if deleted[i + 1] ~= '0' then
            if tonumber(redis.call('ZSCORE', own .. 'uses', deleted[i + 2]) or 0) > tonumber(deleted[i + 1]) then return 0 end
            for _, holder in ipairs(holders) do
              if serves(holder, deleted[i]) then return 0 end
            end
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
