using Celeriac.Redis.Broker.Scripts;

namespace Celeriac.Redis.Native.Scripts;

/// <summary>
/// What every script of the native form begins with. Its first argument is the prefix of our keys. A message's tag is its place in its queue: a number that
/// grows with each message, less 2^44 for each step of priority. A queue has the hash <c>messages</c> of all that it holds by tag, the sorted set <c>ready</c> by tag,
/// <c>delayed</c> by due time, and <c>deaths</c>, the hash of those that came back. A claim is an entry <c>tag → take|queue</c> of the hash <c>held:holder</c>; the message stays
/// where it is. <c>expiring</c> has, for all queues, <c>queue|tag</c> by the time of expiry.
/// </summary>
internal static class NativeScripts
{
    public const string Prelude = """
        local own, at = ARGV[1], 1

        """ + ScriptParts.Arguments + """
        local function key(queue, part) return own .. queue .. ':' .. part end

        -- One command with many values, as many at a time as Lua's stack bears.
        local function bulk(command, name, list)
          for first = 1, #list, 1000 do redis.call(command, name, unpack(list, first, math.min(first + 999, #list))) end
        end

        local function add(lists, name, value)
          local list = lists[name]
          if not list then list = {}; lists[name] = list end
          list[#list + 1] = value
        end

        local function twice(list)
          local pairs_of = {}
          for i, value in ipairs(list) do pairs_of[2 * i - 1], pairs_of[2 * i] = value, value end
          return pairs_of
        end

        -- Gives back claims, a list of tag and take|queue, to the places they had. Deaths are nil for what nobody has seen.
        local function give_back(holder, claims, deaths)
          local queues, count = {}, 0
          for i = 1, #claims, 2 do add(queues, string.match(claims[i + 1], '|(%d+)$'), claims[i]) end
          for queue, tags in pairs(queues) do
            bulk('HDEL', own .. 'held:' .. holder, tags)
            if redis.call('EXISTS', key(queue, 'messages')) == 1 then
              if deaths then
                for _, tag in ipairs(tags) do redis.call('HINCRBY', key(queue, 'deaths'), tag, deaths) end
              end
              bulk('ZADD', key(queue, 'ready'), twice(tags))
              count = count + #tags
            end
          end
          return count
        end

        local function remove_holder(holder, deaths)
          local count = give_back(holder, redis.call('HGETALL', own .. 'held:' .. holder), deaths)
          redis.call('DEL', own .. 'held:' .. holder, own .. 'holder:' .. holder)
          redis.call('SREM', own .. 'holders', holder)
          redis.call('HDEL', own .. 'beats', holder)
          return count
        end

        -- A claim has no age of its own.
        local function renew(holder) end

        -- Makes ready what is due; answers when the next one is, or nothing.
        local function promote(queue, now)
          local delayed = key(queue, 'delayed')
          local next = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
          if not next or tonumber(next) > tonumber(now) then return next end
          local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 500)
          bulk('ZREM', delayed, due)
          bulk('ZADD', key(queue, 'ready'), twice(due))
          return redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
        end

        -- Enters claims of messages that are in no set any more; answers the queue, tags, messages and deaths.
        local function claim(holder, take, queue, tags)
          local messages, held, mark = redis.call('HMGET', key(queue, 'messages'), unpack(tags)), {}, take .. '|' .. queue
          for i, tag in ipairs(tags) do
            if messages[i] then held[#held + 1] = tag; held[#held + 1] = mark end
          end
          if #held > 0 then redis.call('HSET', own .. 'held:' .. holder, unpack(held)) end
          local deaths = redis.call('EXISTS', key(queue, 'deaths')) == 1 and redis.call('HMGET', key(queue, 'deaths'), unpack(tags)) or {}
          return {queue, tags, messages, deaths}
        end

        """;
}
