namespace Celeriac.Redis.Native.Scripts;

/// <summary>Scripts about what is declared.</summary>
internal static class NativeTopologyScripts
{
    /// <summary>ARGV: the version that the caller knows, or nothing. Answers the present one, and where it is another: exchanges, queues by their ids, and bindings.</summary>
    public const string Lookup = NativeScripts.Prelude + """
        local version = redis.call('HGET', own .. 'topology', 'version') or '0'
        if version == arg() then return {version} end
        return {version, redis.call('HVALS', own .. 'exchanges'), redis.call('HGETALL', own .. 'queues'), redis.call('SMEMBERS', own .. 'bindings')}
        """;

    /// <summary>
    /// ARGV: the version expected; the prefix of all keys; bindings, queues and exchanges to remove, each a list, a queue being its id, its name, and 0 or the time at which it must be unused; exchanges, queues
    /// and bindings to make, each a list, a queue being its name, declaration and the time at which it expires or nothing. Answers 1 where it was changed, 0 where it was not,
    /// and the name of a queue that is there in Kombu's form.
    /// </summary>
    public const string Change = NativeScripts.Prelude + """
        if (redis.call('HGET', own .. 'topology', 'version') or '0') ~= arg() then return 0 end
        local prefix = arg()
        local unbound, deleted, forgotten, exchanges, made, bound = args(), args(3), args(), args(2), args(3), args()
        for i = 1, #made, 3 do
          local kombu = redis.call('HEXISTS', prefix .. 'celeriac-broker:queues', made[i]) == 1
          if kombu or redis.call('TYPE', prefix .. made[i]).ok == 'list' then return made[i] end
        end
        for i = 1, #deleted, 3 do
          if deleted[i + 2] ~= '0' then
            if tonumber(redis.call('ZSCORE', own .. 'uses', deleted[i + 1]) or 0) > tonumber(deleted[i + 2]) then return 0 end
            for _, holder in ipairs(redis.call('SMEMBERS', own .. 'holders')) do
              if serves(holder, deleted[i]) then return 0 end
            end
          end
        end
        bulk('SREM', own .. 'bindings', unbound)
        for i = 1, #deleted, 3 do
          local queue, name = deleted[i], deleted[i + 1]
          -- What holders still have of it is lost: its messages are no more.
          redis.call('UNLINK', key(queue, 'messages'), key(queue, 'ready'), key(queue, 'delayed'), key(queue, 'deaths'))
          redis.call('HDEL', own .. 'queues', queue)
          redis.call('HDEL', own .. 'names', name)
          redis.call('ZREM', own .. 'uses', name)
        end
        bulk('HDEL', own .. 'exchanges', forgotten)
        bulk('HSET', own .. 'exchanges', exchanges)
        for i = 1, #made, 3 do
          local queue = redis.call('HINCRBY', own .. 'next', 'queue', 1)
          redis.call('HSET', own .. 'queues', queue, made[i + 1])
          redis.call('HSET', own .. 'names', made[i], queue)
          if made[i + 2] ~= '' then redis.call('ZADD', own .. 'uses', made[i + 2], made[i]) end
        end
        bulk('SADD', own .. 'bindings', bound)
        redis.call('HINCRBY', own .. 'topology', 'version', 1)
        return 1
        """;
}
