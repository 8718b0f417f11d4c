namespace Celeriac.Redis.Broker.Scripts;

/// <summary>Scripts that move messages.</summary>
internal static class MessageScripts
{
    /// <summary>
    /// ARGV: holder, number of this take, milliseconds now, at most, separator; a list of steps; a list of queues with their ids; a list of earlier takes whose
    /// answer was lost, which are given back. Answers the index of an unknown queue or 0, the next due time or 0, how many entries were no messages, then for each
    /// message its claim's number, its queue's index and itself. What was looked at in vain is read by LLEN last, so that the server tells this connection of its change.
    /// </summary>
    public const string Take = BrokerScripts.Prelude + """
        local holder, take, now, most, separator = arg(), arg(), arg(), tonumber(arg()), arg()
        local steps, queues, lost = args(), args(2), args()
        if redis.call('EXISTS', own .. 'holder:' .. holder) == 0 then return {0, '0', 0} end
        if #lost > 0 then
          local again, numbers = {}, {}
          for _, number in ipairs(lost) do again[number] = true end
          local claims = redis.call('HGETALL', own .. 'claims:' .. holder)
          for i = 1, #claims, 2 do
            if again[string.match(claims[i + 1], '^[^|]*|([^|]*)|')] then numbers[#numbers + 1] = claims[i] end
          end
          give_back(holder, numbers, 0, false)
        end
        local answer, known, soonest, found = {0, '0', 0}, {}, nil, 0
        for i = 1, #queues / 2 do
          local name, id = queues[2 * i - 1], queues[2 * i]
          local declared = redis.call('HGET', own .. 'queues', name)
          if declared and string.match(declared, '^(%d+):') == id then
            known[#known + 1] = {i, name, id}
            local due = promote(name, separator, now)
            if due and (not soonest or tonumber(due) < tonumber(soonest)) then soonest = due end
          elseif answer[1] == 0 then
            answer[1] = i
          end
        end
        for _, step in ipairs(steps) do
          for _, queue in ipairs(known) do
            local list = queue[2] .. (step == '0' and '' or separator .. step)
            while found < most do
              local raw = redis.call('RPOP', prefix .. list)
              if not raw then break end
              if string.sub(raw, 1, 1) == '{' and string.sub(raw, -1) == '}' then
                answer[#answer + 1] = claim(holder, take, queue[3], list, raw)
                answer[#answer + 1] = queue[1]
                answer[#answer + 1] = raw
                found = found + 1
              else
                redis.call('LPUSH', own .. 'unreadable:' .. queue[2], raw)
                redis.call('LTRIM', own .. 'unreadable:' .. queue[2], 0, 9999)
                answer[3] = answer[3] + 1
              end
            end
          end
        end
        if found == 0 then
          for _, step in ipairs(steps) do
            for _, queue in ipairs(known) do
              redis.call('LLEN', prefix .. queue[2] .. (step == '0' and '' or separator .. step))
            end
          end
        end
        answer[2] = soonest or '0'
        return answer
        """;

    /// <summary>As <see cref="Take"/>, but takes only what has expired and stands first in its list.</summary>
    public const string TakeExpired = BrokerScripts.Prelude + """
        local holder, take, now, most, separator = arg(), arg(), tonumber(arg()), tonumber(arg()), arg()
        local steps, queues = args(), args(2)
        local answer, found = {0, '0', 0}, 0
        if redis.call('EXISTS', own .. 'holder:' .. holder) == 0 or redis.call('EXISTS', own .. 'expiring') == 0 then return answer end
        for i = 1, #queues / 2 do
          local name, id = queues[2 * i - 1], queues[2 * i]
          if redis.call('SISMEMBER', own .. 'expiring', name) == 1 then
            promote(name, separator, now)
            local left = redis.call('ZCARD', own .. 'delayed:' .. name)
            for _, step in ipairs(steps) do
              local list = name .. (step == '0' and '' or separator .. step)
              while found < most do
                local raw = redis.call('LINDEX', prefix .. list, -1)
                local expires = raw and tonumber(string.match(raw, '"celeriac_expires_at"%s*:%s*(%d+)'))
                if not expires or expires > now then break end
                redis.call('RPOP', prefix .. list)
                answer[#answer + 1] = claim(holder, take, id, list, raw)
                answer[#answer + 1] = i
                answer[#answer + 1] = raw
                found = found + 1
              end
              left = left + redis.call('LLEN', prefix .. list)
            end
            if left == 0 then redis.call('SREM', own .. 'expiring', name) end
          end
        end
        return answer
        """;

    /// <summary>
    /// ARGV: the topology's version or nothing; a list of sets of bindings with the digests they had; the number of units. For each unit: 1 where its routes must be of
    /// that topology, else 0; how its claim ends (nothing, remove, return); holder and number; a list of steps, each of four: L list, message (put) · Z queue,
    /// due time, step and message (put for later) · P channel, message (publish) · R list, message (put for whoever may wait there: for a day) · E queue (messages expire).
    /// Answers for each unit: applied, lost, stale, or what failed. Whether a claim stands is asked by ZREM: a read would make the server tell us of each change.
    /// </summary>
    public const string Commit = BrokerScripts.Prelude + """
        local version, digests, units = arg(), args(2), tonumber(arg())
        local fresh = version == '' or (redis.call('HGET', own .. 'topology', 'version') or '0') == version
        for i = 1, #digests, 2 do
          local members = redis.call('SMEMBERS', digests[i])
          table.sort(members)
          fresh = fresh and redis.sha1hex(table.concat(members, '\n')) == digests[i + 1]
        end
        local function carry_out(steps)
          for i = 1, #steps, 4 do
            local kind, key, value, more = steps[i], steps[i + 1], steps[i + 2], steps[i + 3]
            if kind == 'L' then
              redis.call('LPUSH', key, value)
            elseif kind == 'Z' then
              local number = redis.call('HINCRBY', own .. 'next', 'delayed', 1)
              redis.call('ZADD', own .. 'delayed:' .. key, value, string.sub(more, 1, 1) .. string.format('%016d', number) .. ':' .. string.sub(more, 2))
              redis.call('SADD', own .. 'delaying', key)
            elseif kind == 'P' then
              redis.call('PUBLISH', key, value)
            elseif kind == 'R' then
              if redis.call('LPUSH', key, value) == 1 then redis.call('PEXPIRE', key, 86400000) end
            elseif kind == 'E' then
              redis.call('SADD', own .. 'expiring', key)
            end
          end
        end
        local function settle(unit)
          if unit.routed == '1' and not fresh then return 'stale' end
          if unit.ends ~= '' and redis.call('ZREM', index, tag(unit.holder, unit.number)) == 0 then
            redis.call('HDEL', own .. 'claims:' .. unit.holder, unit.number)
            return 'lost'
          end
          local done, failure = pcall(carry_out, unit.steps)
          if not done then
            if unit.ends ~= '' then redis.call('ZADD', index, seconds(), tag(unit.holder, unit.number)) end
            return 'failed: ' .. (type(failure) == 'table' and failure.err or tostring(failure))
          end
          if unit.ends == 'remove' then
            redis.call('HDEL', unacked, tag(unit.holder, unit.number))
            redis.call('HDEL', own .. 'claims:' .. unit.holder, unit.number)
          elseif unit.ends == 'return' then
            give_back(unit.holder, {unit.number}, 0, true)
          end
          return 'applied'
        end
        local answer = {}
        for i = 1, units do
          answer[i] = settle({routed = arg(), ends = arg(), holder = arg(), number = arg(), steps = args(4)})
        end
        return answer
        """;

    /// <summary>ARGV: queue, separator, milliseconds now; its id; a list of steps. Answers how many are ready, held by us and delayed, and the consumers.</summary>
    public const string Count = BrokerScripts.Prelude + """
        local name, separator, now, id = arg(), arg(), arg(), arg()
        promote(name, separator, now)
        local ready, held, consumers = 0, 0, 0
        for _, step in ipairs(args()) do ready = ready + redis.call('LLEN', prefix .. name .. (step == '0' and '' or separator .. step)) end
        for _, holder in ipairs(redis.call('SMEMBERS', own .. 'holders')) do
          if serves(holder, id) then consumers = consumers + 1 end
          for _, text in ipairs(redis.call('HVALS', own .. 'claims:' .. holder)) do
            if string.match(text, '^([^|]*)|') == id then held = held + 1 end
          end
        end
        return {ready, held, redis.call('ZCARD', own .. 'delayed:' .. name), consumers}
        """;

    /// <summary>ARGV: queue, separator; a list of steps. Answers how many messages are gone.</summary>
    public const string Purge = BrokerScripts.Prelude + """
        local name, separator = arg(), arg()
        local gone = redis.call('ZCARD', own .. 'delayed:' .. name)
        redis.call('DEL', own .. 'delayed:' .. name)
        redis.call('SREM', own .. 'delaying', name)
        for _, step in ipairs(args()) do
          local list = prefix .. name .. (step == '0' and '' or separator .. step)
          gone = gone + redis.call('LLEN', list)
          redis.call('DEL', list)
        end
        return gone
        """;

    /// <summary>ARGV: a mark, list, message. What another process has heard too on a fanout channel is put once.</summary>
    public const string Heard = BrokerScripts.Prelude + """
        if redis.call('SET', own .. 'heard:' .. arg(), '1', 'NX', 'EX', 60) then return redis.call('LPUSH', arg(), arg()) end
        return 0
        """;

    /// <summary>ARGV: the milliseconds now, separator. Makes ready what is due, also for workers that know nothing of delays.</summary>
    public const string Promote = BrokerScripts.Prelude + """
        local now, separator = arg(), arg()
        for _, name in ipairs(redis.call('SMEMBERS', own .. 'delaying')) do promote(name, separator, now) end
        return 1
        """;

    /// <summary>ARGV: delivery tag, list, message. Puts back what its holder has let lie, unless somebody was first.</summary>
    public const string Restore = BrokerScripts.Prelude + """
        local tag, list, raw = arg(), arg(), arg()
        redis.call('ZREM', index, tag)
        if redis.call('HDEL', unacked, tag) == 0 then return 0 end
        redis.call('RPUSH', list, returned(raw, 1))
        return 1
        """;
}
