namespace Celeriac.Redis.Native.Scripts;

/// <summary>Scripts that move messages.</summary>
internal static class NativeMessageScripts
{
    /// <summary>
    /// ARGV: holder, number of this take, milliseconds now, at most; a list of queues; a list of earlier takes whose answer was lost: what they claimed is given back, and should one of them
    /// still arrive, it claims nothing. Answers the index of an unknown queue or 0, the next due time or 0, then for each queue that had any: itself, tags, messages and deaths.
    /// KEYS are the sets to be watched; what was looked at in vain is read last, so that the server tells this connection of its change.
    /// </summary>
    public const string Take = NativeScripts.Prelude + """
        local holder, take, now, most = arg(), arg(), arg(), tonumber(arg())
        local queues, lost = args(), args()
        local known = redis.call('HMGET', own .. 'holder:' .. holder, 'name', 'void:' .. take)
        if not known[1] or known[2] then return {0, '0'} end
        if #lost > 0 then
          local void, claims = {}, {}
          for _, number in ipairs(lost) do
            void[number] = true
            redis.call('HSET', own .. 'holder:' .. holder, 'void:' .. number, 1)
          end
          local held = redis.call('HGETALL', own .. 'held:' .. holder)
          for i = 1, #held, 2 do
            if void[string.match(held[i + 1], '^(%d+)|')] then claims[#claims + 1] = held[i]; claims[#claims + 1] = held[i + 1] end
          end
          give_back(holder, claims, nil)
        end
        local answer, found = {0, '0'}, 0
        for i, queue in ipairs(queues) do
          if redis.call('HEXISTS', own .. 'queues', queue) == 1 then
            local due = promote(queue, now)
            if due and (answer[2] == '0' or tonumber(due) < tonumber(answer[2])) then answer[2] = due end
            local popped, tags = found < most and redis.call('ZPOPMIN', key(queue, 'ready'), most - found) or {}, {}
            for j = 1, #popped, 2 do tags[#tags + 1] = popped[j] end
            if #tags > 0 then
              answer[#answer + 1] = claim(holder, take, queue, tags)
              found = found + #tags
            end
          elseif answer[1] == 0 then
            answer[1] = i
          end
        end
        if found == 0 then
          for _, name in ipairs(KEYS) do redis.call('ZCARD', name) end
        end
        return answer
        """;

    /// <summary>ARGV: holder, number of this take, milliseconds now, at most. As <see cref="Take"/>, but takes what has expired, in every queue.</summary>
    public const string TakeExpired = NativeScripts.Prelude + """
        local holder, take, now, most = arg(), arg(), arg(), arg()
        local answer = {0, '0'}
        if redis.call('EXISTS', own .. 'holder:' .. holder) == 0 then return answer end
        for _, member in ipairs(redis.call('ZRANGEBYSCORE', own .. 'expiring', '-inf', now, 'LIMIT', 0, most)) do
          local queue, tag = string.match(member, '^(%d+)|(.*)$')
          if redis.call('ZREM', key(queue, 'ready'), tag) + redis.call('ZREM', key(queue, 'delayed'), tag) > 0 then
            answer[#answer + 1] = claim(holder, take, queue, {tag})
          elseif redis.call('HEXISTS', key(queue, 'messages'), tag) == 1 then
            -- Somebody holds it: in a minute it is looked at again.
            redis.call('ZADD', own .. 'expiring', tonumber(now) + 60000, member)
          else
            redis.call('ZREM', own .. 'expiring', member)
          end
        end
        return answer
        """;

    /// <summary>
    /// ARGV: the writer and the number of this batch; the topology's version or nothing; how many messages at most; a list of holders, each with a list of claims, tag and take; the number of
    /// units. A unit is a letter: p, puts only · a, ends a claim · A, the same and is routed · r, gives a claim back · R, the same and is routed; then, but for p, the number of its claim; then, where
    /// it is routed, a list of messages, perhaps none, each its queue, nothing or <c>priority,due,expires</c>, and itself. Answers a letter a unit: a, applied · l, lost · s, stale topology.
    /// A batch that comes again, because its answer was lost, is answered as before and not carried out.
    /// </summary>
    public const string Commit = NativeScripts.Prelude + """
        local batch, number = own .. 'batch:' .. arg(), arg()
        local last, said = string.match(redis.call('GET', batch) or '', '^(%d+)|(.*)$')
        if last and tonumber(last) >= tonumber(number) then return said end
        local version, most = arg(), tonumber(arg())
        local fresh = version == '' or (redis.call('HGET', own .. 'topology', 'version') or '0') == version
        local newest = most > 0 and redis.call('HINCRBY', own .. 'next', 'message', most) - most or 0
        local present = {}
        local function is_present(queue)
          if present[queue] == nil then present[queue] = redis.call('EXISTS', key(queue, 'messages')) == 1 end
          return present[queue]
        end
        local claims = {}
        for _ = 1, tonumber(arg()) do
          local holder, list, tags = arg(), args(2), {}
          for i = 1, #list, 2 do tags[#tags + 1] = list[i] end
          local held = redis.call('HMGET', own .. 'held:' .. holder, unpack(tags))
          for i, tag in ipairs(tags) do
            local take, queue = string.match(held[i] or '', '^(%d+)|(%d+)$')
            claims[#claims + 1] = {holder, tag, take == list[2 * i] and is_present(queue) and queue or nil}
          end
        end
        local ended, removed, returned, messages, ready, delayed, expiring = {}, {}, {}, {}, {}, {}, {}
        local function put(queue, when, raw)
          newest = newest + 1
          local priority, due, expires = string.match(when, '^(%d+),(%d+),(%d+)$')
          local tag = string.format('%.0f', newest - (tonumber(priority) or 0) * 17592186044416)
          add(messages, queue, tag)
          add(messages, queue, raw)
          if due and due ~= '0' then
            add(delayed, queue, due)
            add(delayed, queue, tag)
          else
            add(ready, queue, tag)
          end
          if expires and expires ~= '0' then
            expiring[#expiring + 1] = expires
            expiring[#expiring + 1] = queue .. '|' .. tag
          end
        end
        local answers = {}
        for unit = 1, tonumber(arg()) do
          local kind = arg()
          local claim = kind ~= 'p' and claims[tonumber(arg())]
          local routed = kind ~= 'a' and kind ~= 'r'
          local puts, answer = routed and tonumber(arg()) or 0, 'a'
          if routed and not fresh then answer = 's' elseif claim and not claim[3] then answer = 'l' end
          answers[unit] = answer
          if answer ~= 'a' then
            at = at + 3 * puts
          else
            for _ = 1, puts do put(arg(), arg(), arg()) end
            if kind == 'a' or kind == 'A' then
              add(ended, claim[1], claim[2])
              add(removed, claim[3], claim[2])
            elseif claim then
              add(returned, claim[1], claim[2])
              add(returned, claim[1], '|' .. claim[3])
            end
          end
        end
        for queue, list in pairs(messages) do bulk('HSET', key(queue, 'messages'), list) end
        for queue, list in pairs(ready) do bulk('ZADD', key(queue, 'ready'), twice(list)) end
        for queue, list in pairs(delayed) do bulk('ZADD', key(queue, 'delayed'), list) end
        bulk('ZADD', own .. 'expiring', expiring)
        for holder, tags in pairs(ended) do bulk('HDEL', own .. 'held:' .. holder, tags) end
        local expires = next(removed) and redis.call('EXISTS', own .. 'expiring') == 1
        for queue, tags in pairs(removed) do
          bulk('HDEL', key(queue, 'messages'), tags)
          bulk('HDEL', key(queue, 'deaths'), tags)
          if expires then
            local members = {}
            for i, tag in ipairs(tags) do members[i] = queue .. '|' .. tag end
            bulk('ZREM', own .. 'expiring', members)
          end
        end
        for holder, list in pairs(returned) do give_back(holder, list, 0) end
        said = table.concat(answers)
        redis.call('SET', batch, number .. '|' .. said, 'PX', 3600000)
        return said
        """;

    /// <summary>ARGV: queue, milliseconds now. Answers how many are ready, held and delayed, and the consumers.</summary>
    public const string Count = NativeScripts.Prelude + """
        local queue, consumers = arg(), 0
        promote(queue, arg())
        local ready, delayed = redis.call('ZCARD', key(queue, 'ready')), redis.call('ZCARD', key(queue, 'delayed'))
        for _, holder in ipairs(redis.call('SMEMBERS', own .. 'holders')) do
          if serves(holder, queue) then consumers = consumers + 1 end
        end
        return {ready, redis.call('HLEN', key(queue, 'messages')) - ready - delayed, delayed, consumers}
        """;

    /// <summary>ARGV: queue, at most. Answers how many messages are gone, and how many of those that nobody holds are left.</summary>
    public const string Purge = NativeScripts.Prelude + """
        local queue, most, gone = arg(), tonumber(arg()), 0
        for _, part in ipairs({'ready', 'delayed'}) do
          local popped, tags = most > gone and redis.call('ZPOPMIN', key(queue, part), most - gone) or {}, {}
          for i = 1, #popped, 2 do tags[#tags + 1] = popped[i] end
          bulk('HDEL', key(queue, 'messages'), tags)
          bulk('HDEL', key(queue, 'deaths'), tags)
          gone = gone + #tags
        end
        return {gone, redis.call('ZCARD', key(queue, 'ready')) + redis.call('ZCARD', key(queue, 'delayed'))}
        """;
}
