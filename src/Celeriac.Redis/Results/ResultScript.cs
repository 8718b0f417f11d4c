namespace Celeriac.Redis.Results;

/// <summary>Writes a record as Celery does, at once where Celery needs a read and a transaction: SUCCESS stays, all else is replaced and published.</summary>
internal static class ResultScript
{
    /// <summary>
    /// KEYS: the record's key, which is the channel's name too. ARGV: the record, and the seconds it is kept, 0 for ever. Answers 1 where it was written.
    /// Celery and we begin records with the status, so that a large one need not be decoded; what is no record is replaced.
    /// </summary>
    public const string Text = """
        local old = redis.call('GET', KEYS[1])
        if old then
          local status = string.match(old, '^{%s*"status"%s*:%s*"([^"\\]*)"')
          if not status then
            local ok, record = pcall(cjson.decode, old)
            status = ok and type(record) == 'table' and record.status
          end
          if status == 'SUCCESS' then return 0 end
        end
        if ARGV[2] == '0' then
          redis.call('SET', KEYS[1], ARGV[1])
        else
          redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1])
        end
        redis.call('PUBLISH', KEYS[1], ARGV[1])
        return 1
        """;
}
