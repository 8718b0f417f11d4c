namespace Celeriac.Redis.Broker.Scripts;

/// <summary>
/// What every script of the broker begins with. Its first arguments are the prefix of our keys, Kombu's unacked hash, its index, and the prefix of all keys. They are no
/// KEYS, because Redis 7.0 tells of changes of whatever is named there: only lists that were looked at in vain are.
/// A claim is an entry of Kombu's unacked hash under a tag of its own, <c>celeriac-holder-number</c>, whose exchange is the default one and whose routing key is the
/// list that it came from: whoever restores it, also a Python worker, puts it back there. Beside it <c>claims:holder</c> says of each number <c>queue|take|list</c>.
/// </summary>
internal static class BrokerScripts
{
    public const string Prelude = """
        local own, unacked, index, prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
        local at = 4

        """ + ScriptParts.Arguments + """
        local function seconds()
          local t = redis.call('TIME')
          return string.format('%d.%06d', t[1], t[2])
        end
        local function tag(holder, number) return 'celeriac-' .. holder .. '-' .. number end
        local function ending(list) return ', "", ' .. cjson.encode(list) .. ']' end

        -- What came back says so: to us with its deaths, to Celery in its delivery_info.
        local function returned(raw, deaths)
          if string.sub(raw, 1, 1) ~= '{' then return raw end
          local known, rest = string.match(raw, '^{%s*"celeriac"%s*:%s*{%s*"deaths"%s*:%s*(%d+)%s*}%s*,%s*(.*)$')
          rest = rest or string.sub(raw, 2)
          if string.match(rest, '^%s*}') then return raw end
          if not string.find(rest, '"delivery_info"%s*:%s*{%s*"redelivered"%s*:%s*true') then
            rest = string.gsub(rest, '("delivery_info"%s*:%s*{)(%s*")', '%1"redelivered": true, %2', 1)
          end
          return '{"celeriac":{"deaths":' .. ((tonumber(known) or 0) + deaths) .. '},' .. rest
        end

        local function claim(holder, take, queue, list, raw)
          local number = redis.call('HINCRBY', own .. 'next', 'claim', 1)
          redis.call('HSET', unacked, tag(holder, number), '[' .. raw .. ending(list))
          redis.call('ZADD', index, seconds(), tag(holder, number))
          redis.call('HSET', own .. 'claims:' .. holder, number, queue .. '|' .. take .. '|' .. list)
          return number
        end

        -- Takes a claim's message out; nothing where the claim is lost.
        local function unclaim(holder, number)
          local claims = own .. 'claims:' .. holder
          local text = redis.call('HGET', claims, number)
          redis.call('HDEL', claims, number)
          redis.call('ZREM', index, tag(holder, number))
          local record = redis.call('HGET', unacked, tag(holder, number))
          if not text or not record then return nil end
          redis.call('HDEL', unacked, tag(holder, number))
          local list = string.match(text, '^[^|]*|[^|]*|(.*)$')
          return string.sub(record, 2, #record - #ending(list)), list
        end

        -- Gives claims back so that the oldest comes first again.
        local function give_back(holder, numbers, deaths, touched)
          table.sort(numbers, function(a, b) return tonumber(a) > tonumber(b) end)
          local count = 0
          for _, number in ipairs(numbers) do
            local raw, list = unclaim(holder, number)
            if raw then
              redis.call('RPUSH', prefix .. list, touched and returned(raw, deaths) or raw)
              count = count + 1
            end
          end
          return count
        end

        local function remove_holder(holder, deaths)
          local count = give_back(holder, redis.call('HKEYS', own .. 'claims:' .. holder), deaths, true)
          redis.call('DEL', own .. 'claims:' .. holder, own .. 'holder:' .. holder)
          redis.call('SREM', own .. 'holders', holder)
          redis.call('HDEL', own .. 'beats', holder)
          return count
        end

        local function renew(holder)
          local now = seconds()
          for _, number in ipairs(redis.call('HKEYS', own .. 'claims:' .. holder)) do
            redis.call('ZADD', index, 'XX', now, tag(holder, number))
          end
        end

        local function promote(name, separator, now)
          local delayed = own .. 'delayed:' .. name
          local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 200)
          for _, member in ipairs(due) do
            local step, raw = string.match(member, '^(%d)%d+:(.*)$')
            redis.call('ZREM', delayed, member)
            redis.call('LPUSH', prefix .. name .. (step == '0' and '' or separator .. step), raw)
          end
          local next = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
          if #due > 0 and not next then redis.call('SREM', own .. 'delaying', name) end
          return next
        end

        """;
}
