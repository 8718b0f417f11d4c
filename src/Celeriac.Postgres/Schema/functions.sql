-- Written anew by every migration. Advisory locks are of class {lock} and end with the transaction: object 1 keeps the topology still,
-- object 2 makes the numbers of documents appear in their order; a third space, by hash, guards keys of shared state.

-- Arrays become rows in the list of a SELECT and not in a FROM, which would keep each of them as a table of its own before it joins them.

-- The units of many callers in one statement. A batch that is sent again after its answer was lost with a connection is answered from the
-- writer's row: it is applied once. Answers: 0 applied, 1 lost, 2 routed with another topology.
CREATE OR REPLACE FUNCTION {schema}.commit_units(
  p_writer bigint, p_number bigint, p_now bigint,
  u_version bigint[], u_claim bigint[], u_attempt bigint[], u_holder bigint[], u_back boolean[],
  m_unit int[], m_queue bigint[], m_priority smallint[], m_due bigint[], m_expires bigint[], m_exchange text[], m_key text[],
  m_type text[], m_encoding text[], m_correlation text[], m_reply text[], m_id text[], m_own_priority smallint[], m_expiration bigint[],
  m_persistent boolean[], m_headers bytea[], m_body bytea[],
  d_unit int[], d_key text[], d_expires bigint[], d_final boolean[], d_content bytea[])
RETURNS smallint[] LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  before record;
  present bigint := 0;
  unknown int[];
  statuses smallint[];
  told text;
BEGIN
  SELECT w.number, w.answers INTO before FROM {schema}.writers w WHERE w.id = p_writer FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'writer % is gone', p_writer USING ERRCODE = 'CL001';
  END IF;
  IF before.number = p_number THEN
    RETURN before.answers;
  END IF;

  IF cardinality(m_unit) > 0 OR cardinality(array_remove(u_version, NULL)) > 0 THEN
    PERFORM pg_advisory_xact_lock_shared({lock}, 1);
    SELECT value INTO present FROM {schema}.meta WHERE name = 'topology_version';
    SELECT array_agg(DISTINCT m.unit) INTO unknown FROM unnest(m_unit, m_queue) AS m(unit, queue)
      WHERE u_version[m.unit] IS NULL AND NOT EXISTS (SELECT FROM {schema}.queues q WHERE q.id = m.queue);
  END IF;

  -- IS NOT DISTINCT FROM, which no index serves: a plan made while the table was small would else walk all that the holder has claimed, for each claim.
  WITH units AS (
    SELECT u.*, (u.version IS NOT NULL AND u.version <> present) OR coalesce(u.place = ANY(unknown), false) AS stale
      FROM (SELECT unnest(u_version) AS version, unnest(u_claim) AS claim, unnest(u_attempt) AS attempt, unnest(u_holder) AS holder, unnest(u_back) AS back,
        generate_subscripts(u_back, 1) AS place) AS u),
  removed AS (
    DELETE FROM {schema}.messages m USING units u
      WHERE NOT u.stale AND NOT u.back AND m.id = u.claim AND m.holder IS NOT DISTINCT FROM u.holder AND m.attempt = u.attempt RETURNING u.place, m.queue),
  returned AS (
    UPDATE {schema}.messages m SET holder = NULL FROM units u
      WHERE NOT u.stale AND u.back AND m.id = u.claim AND m.holder IS NOT DISTINCT FROM u.holder AND m.attempt = u.attempt RETURNING u.place, m.queue),
  ended AS (SELECT place FROM removed UNION ALL SELECT place FROM returned)
  SELECT array_agg((CASE WHEN u.stale THEN 2 WHEN u.claim IS NULL OR u.place IN (SELECT place FROM ended) THEN 0 ELSE 1 END)::smallint ORDER BY u.place),
      (SELECT string_agg(DISTINCT queue::text, ',') FROM returned)
    INTO statuses, told FROM units u;

  IF cardinality(m_unit) > 0 THEN
    INSERT INTO {schema}.messages(queue, priority, due, expires_at, exchange, routing_key, content_type, content_encoding, correlation_id, reply_to,
        message_id, message_priority, expiration_ticks, persistent, headers, body)
      SELECT m.queue, m.priority, m.due, m.expires, m.exchange, m.key, m.type, m.encoding, m.correlation, m.reply,
          m.id, m.own_priority, m.expiration, m.persistent, m.headers, m.body
        FROM (SELECT unnest(m_unit) AS unit, unnest(m_queue) AS queue, unnest(m_priority) AS priority, unnest(m_due) AS due, unnest(m_expires) AS expires,
          unnest(m_exchange) AS exchange, unnest(m_key) AS key, unnest(m_type) AS type, unnest(m_encoding) AS encoding, unnest(m_correlation) AS correlation,
          unnest(m_reply) AS reply, unnest(m_id) AS id, unnest(m_own_priority) AS own_priority, unnest(m_expiration) AS expiration,
          unnest(m_persistent) AS persistent, unnest(m_headers) AS headers, unnest(m_body) AS body) AS m
        WHERE statuses[m.unit] = 0;
    SELECT concat_ws(',', told, string_agg(DISTINCT m.queue::text, ',')) INTO told
      FROM (SELECT unnest(m_unit) AS unit, unnest(m_queue) AS queue) AS m WHERE statuses[m.unit] = 0;
  END IF;

  IF cardinality(d_unit) > 0 THEN
    PERFORM pg_advisory_xact_lock({lock}, 2);
    -- Of several documents under one key the first final one stands, else the last.
    INSERT INTO {schema}.documents AS stored(key, sequence, expires_at, is_final, content)
      SELECT d.key, nextval('{schema}.documents_sequence'), d.expires, d.final, d.content FROM (
        SELECT DISTINCT ON (one.key) one.* FROM (SELECT unnest(d_unit) AS unit, unnest(d_key) AS key, unnest(d_expires) AS expires,
            unnest(d_final) AS final, unnest(d_content) AS content, generate_subscripts(d_unit, 1) AS place) AS one
          WHERE statuses[one.unit] = 0 ORDER BY one.key, one.final DESC, CASE WHEN one.final THEN one.place ELSE -one.place END) AS d
        ORDER BY d.place
      ON CONFLICT (key) DO UPDATE SET sequence = EXCLUDED.sequence, expires_at = EXCLUDED.expires_at, is_final = EXCLUDED.is_final, content = EXCLUDED.content
        WHERE NOT stored.is_final OR stored.expires_at <= p_now;
    PERFORM pg_notify('{schema}', 'd');
  END IF;
  IF told <> '' THEN
    PERFORM pg_notify('{schema}', CASE WHEN length(told) < 7000 THEN 'm' || told ELSE 'm*' END);
  END IF;

  UPDATE {schema}.writers w SET number = p_number, answers = statuses, used_at = now() WHERE w.id = p_writer;
  RETURN statuses;
END $$;

-- Puts messages inside a user's own transaction; waits for nobody and holds nobody up but the deletion of these queues. Answers 0 done,
-- 1 routed with another topology (p_version is null where that must not matter), 2 not the database that the client is connected to.
CREATE OR REPLACE FUNCTION {schema}.put_messages(
  p_identity bigint, p_version bigint,
  m_queue bigint[], m_priority smallint[], m_due bigint[], m_expires bigint[], m_exchange text[], m_key text[],
  m_type text[], m_encoding text[], m_correlation text[], m_reply text[], m_id text[], m_own_priority smallint[], m_expiration bigint[],
  m_persistent boolean[], m_headers bytea[], m_body bytea[])
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  there int;
  told text;
BEGIN
  IF (SELECT value FROM {schema}.meta WHERE name = 'identity') <> p_identity THEN
    RETURN 2;
  END IF;
  IF p_version <> (SELECT value FROM {schema}.meta WHERE name = 'topology_version') THEN
    RETURN 1;
  END IF;
  SELECT count(*) INTO there FROM (SELECT q.id FROM {schema}.queues q WHERE q.id = ANY(m_queue) ORDER BY q.id FOR KEY SHARE) AS locked;
  IF there <> (SELECT count(DISTINCT wanted) FROM unnest(m_queue) AS wanted) THEN
    RETURN 1;
  END IF;
  INSERT INTO {schema}.messages(queue, priority, due, expires_at, exchange, routing_key, content_type, content_encoding, correlation_id, reply_to,
      message_id, message_priority, expiration_ticks, persistent, headers, body)
    SELECT m.queue, m.priority, m.due, m.expires, m.exchange, m.key, m.type, m.encoding, m.correlation, m.reply,
        m.id, m.own_priority, m.expiration, m.persistent, m.headers, m.body
      FROM unnest(m_queue, m_priority, m_due, m_expires, m_exchange, m_key, m_type, m_encoding, m_correlation, m_reply, m_id,
        m_own_priority, m_expiration, m_persistent, m_headers, m_body) WITH ORDINALITY
        AS m(queue, priority, due, expires, exchange, key, type, encoding, correlation, reply, id, own_priority, expiration, persistent, headers, body, place)
      ORDER BY m.place;
  SELECT string_agg(DISTINCT wanted::text, ',') INTO told FROM unnest(m_queue) AS wanted;
  PERFORM pg_notify('{schema}', CASE WHEN length(told) < 7000 THEN 'm' || told ELSE 'm*' END);
  RETURN 0;
END $$;

-- Ends a claim inside a user's own transaction, with its result. The document gets its place in the log after the commit, so that nobody's
-- writing waits for this transaction. Answers 0 done, 1 the claim is lost, 2 not the database that the client is connected to.
CREATE OR REPLACE FUNCTION {schema}.end_claim(
  p_identity bigint, p_id bigint, p_attempt bigint, p_holder bigint, d_key text, d_expires bigint, d_final boolean, d_content bytea, p_now bigint)
RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT value FROM {schema}.meta WHERE name = 'identity') <> p_identity THEN
    RETURN 2;
  END IF;
  DELETE FROM {schema}.messages m WHERE m.id = p_id AND m.holder IS NOT DISTINCT FROM p_holder AND m.attempt = p_attempt;
  IF NOT FOUND THEN
    RETURN 1;
  END IF;
  IF d_key IS NOT NULL THEN
    INSERT INTO {schema}.documents AS stored(key, sequence, expires_at, is_final, content) VALUES (d_key, NULL, d_expires, d_final, d_content)
      ON CONFLICT (key) DO UPDATE SET sequence = NULL, expires_at = EXCLUDED.expires_at, is_final = EXCLUDED.is_final, content = EXCLUDED.content
        WHERE NOT stored.is_final OR stored.expires_at <= p_now;
    PERFORM pg_notify('{schema}', 'p');
  END IF;
  RETURN 0;
END $$;

-- Claims messages for a holder, then a last row that says when the next delayed message is due and which queue is gone. p_known is given after
-- an answer was lost with its connection: whatever else the holder has claimed goes back first, for nobody knows of it.
CREATE OR REPLACE FUNCTION {schema}.take(
  p_writer bigint, p_holder bigint, p_queues bigint[], p_at_most int, p_now bigint, p_expired boolean, p_known bigint[], p_is_alone boolean)
RETURNS TABLE(id bigint, attempt bigint, queue bigint, priority smallint, deaths int, expires_at bigint, exchange text, routing_key text,
  content_type text, content_encoding text, correlation_id text, reply_to text, message_id text, message_priority smallint,
  expiration_ticks bigint, persistent boolean, headers bytea, body bytea, next_due bigint, unknown_queue bigint)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
  wanted bigint;
  left_over int := p_at_most;
  taken int;
  soonest bigint;
  next bigint;
  gone bigint;
BEGIN
  PERFORM 1 FROM {schema}.writers w WHERE w.id = p_writer FOR UPDATE;
  -- A claim that a crash forgets is a message that is ready again: nobody waits for the disk because of it.
  IF p_is_alone THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
  IF p_known IS NOT NULL THEN
    UPDATE {schema}.messages m SET holder = NULL WHERE m.holder = p_holder AND m.id <> ALL(p_known);
  END IF;
  -- Reclaiming deletes the holder: it waits for this take, or this take finds none.
  PERFORM 1 FROM {schema}.holders h WHERE h.id = p_holder FOR KEY SHARE;
  IF NOT FOUND THEN
    left_over := 0;
  END IF;
  FOREACH wanted IN ARRAY p_queues LOOP
    IF left_over > 0 AND p_expired THEN
      RETURN QUERY UPDATE {schema}.messages m SET holder = p_holder, attempt = m.attempt + 1, due = 0
        WHERE m.id = ANY(ARRAY(SELECT e.id FROM {schema}.messages e WHERE e.queue = wanted AND e.holder IS NULL AND e.expires_at > 0 AND e.expires_at <= p_now
          ORDER BY e.expires_at LIMIT left_over FOR UPDATE SKIP LOCKED))
        RETURNING m.id, m.attempt, m.queue, m.priority, m.deaths, m.expires_at, m.exchange, m.routing_key, m.content_type, m.content_encoding,
          m.correlation_id, m.reply_to, m.message_id, m.message_priority, m.expiration_ticks, m.persistent, m.headers, m.body, NULL::bigint, NULL::bigint;
      GET DIAGNOSTICS taken = ROW_COUNT;
      left_over := left_over - taken;
    ELSIF left_over > 0 THEN
      -- A million messages due at the same moment become ready piece by piece, the earliest first.
      UPDATE {schema}.messages m SET due = 0 WHERE m.id = ANY(ARRAY(
        SELECT d.id FROM {schema}.messages d WHERE d.queue = wanted AND d.due > 0 AND d.due <= p_now ORDER BY d.due LIMIT 1000 FOR UPDATE SKIP LOCKED));
      -- With the largest bodies a take ends early, and the next one brings the rest.
      RETURN QUERY UPDATE {schema}.messages m SET holder = p_holder, attempt = m.attempt + 1
        WHERE m.id = ANY(ARRAY(
          SELECT s.id FROM (
            SELECT b.id, sum(b.size) OVER (ORDER BY b.priority DESC, b.id) - b.size AS before FROM (
              SELECT r.id, r.priority, octet_length(r.body) AS size FROM {schema}.messages r WHERE r.queue = wanted AND r.holder IS NULL AND r.due = 0
              ORDER BY r.priority DESC, r.id LIMIT left_over FOR UPDATE SKIP LOCKED) AS b) AS s
          WHERE s.before < 33554432))
        RETURNING m.id, m.attempt, m.queue, m.priority, m.deaths, m.expires_at, m.exchange, m.routing_key, m.content_type, m.content_encoding,
          m.correlation_id, m.reply_to, m.message_id, m.message_priority, m.expiration_ticks, m.persistent, m.headers, m.body, NULL::bigint, NULL::bigint;
      GET DIAGNOSTICS taken = ROW_COUNT;
      left_over := left_over - taken;
    END IF;
    IF NOT p_expired THEN
      SELECT min(m.due) INTO next FROM {schema}.messages m WHERE m.queue = wanted AND m.due > 0;
      soonest := least(soonest, next);
      IF gone IS NULL AND NOT EXISTS (SELECT FROM {schema}.queues q WHERE q.id = wanted) THEN
        gone := wanted;
      END IF;
    END IF;
  END LOOP;
  RETURN QUERY SELECT NULL::bigint, NULL::bigint, NULL::bigint, NULL::smallint, NULL::int, NULL::bigint, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL::smallint, NULL::bigint, NULL::boolean, NULL::bytea, NULL::bytea, soonest, gone;
END $$;

-- Removes holders (those still at a beat, where one is given), gives back what they have claimed, and answers how many messages.
CREATE OR REPLACE FUNCTION {schema}.leave(p_holders bigint[], p_beats bigint[], p_deaths int, p_now bigint)
RETURNS int LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  gone bigint[];
  told text;
  returned int;
BEGIN
  WITH removed AS (
    DELETE FROM {schema}.holders h USING unnest(p_holders, p_beats) AS p(id, beat) WHERE h.id = p.id AND (p.beat IS NULL OR h.beat = p.beat) RETURNING h.id)
  SELECT array_agg(id) INTO gone FROM removed;
  IF gone IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE {schema}.queues q SET used_at = p_now
    WHERE q.expires_ticks IS NOT NULL AND q.id IN (SELECT s.queue FROM {schema}.holder_queues s WHERE s.holder = ANY(gone));
  DELETE FROM {schema}.holder_queues s WHERE s.holder = ANY(gone);
  WITH back AS (UPDATE {schema}.messages m SET holder = NULL, deaths = m.deaths + p_deaths WHERE m.holder = ANY(gone) RETURNING m.queue)
  SELECT count(*), string_agg(DISTINCT queue::text, ',') INTO returned, told FROM back;
  IF returned > 0 THEN
    PERFORM pg_notify('{schema}', CASE WHEN length(told) < 7000 THEN 'm' || told ELSE 'm*' END);
  END IF;
  RETURN returned;
END $$;

-- Removes a queue with its bindings and what is claimed of it; its other messages can no longer be reached and are swept piece by piece.
CREATE OR REPLACE FUNCTION {schema}.remove_queues(p_queues bigint[])
RETURNS void LANGUAGE sql AS $$
  DELETE FROM {schema}.bindings b USING {schema}.queues q WHERE q.id = ANY(p_queues) AND b.queue = q.name;
  DELETE FROM {schema}.queues q WHERE q.id = ANY(p_queues);
  DELETE FROM {schema}.holder_queues s WHERE s.queue = ANY(p_queues);
  INSERT INTO {schema}.dropped_queues(id) SELECT unnest(p_queues) ON CONFLICT DO NOTHING;
  DELETE FROM {schema}.messages m WHERE m.holder IS NOT NULL AND m.queue = ANY(p_queues);
$$;

-- Deletes a piece of the messages of deleted queues; true while there may be more.
CREATE OR REPLACE FUNCTION {schema}.sweep_dropped()
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  dropped bigint;
BEGIN
  SELECT d.id INTO dropped FROM {schema}.dropped_queues d ORDER BY d.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM {schema}.messages m WHERE m.id IN (SELECT p.id FROM {schema}.messages p WHERE p.queue = dropped LIMIT 5000);
  IF NOT FOUND THEN
    DELETE FROM {schema}.dropped_queues d WHERE d.id = dropped;
  END IF;
  RETURN true;
END $$;

-- Gives documents that were written inside users' own transactions their place in the log; answers how many.
CREATE OR REPLACE FUNCTION {schema}.place_documents()
RETURNS int LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  placed int;
BEGIN
  IF NOT EXISTS (SELECT FROM {schema}.documents d WHERE d.sequence IS NULL) THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_xact_lock({lock}, 2);
  UPDATE {schema}.documents d SET sequence = nextval('{schema}.documents_sequence')
    WHERE d.key IN (SELECT u.key FROM {schema}.documents u WHERE u.sequence IS NULL LIMIT 1000 FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS placed = ROW_COUNT;
  PERFORM pg_notify('{schema}', 'd');
  RETURN placed;
END $$;

-- Deletes what nobody needs any more, a bounded piece at a time.
CREATE OR REPLACE FUNCTION {schema}.sweep(p_now bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  unused bigint[];
BEGIN
  DELETE FROM {schema}.documents d WHERE d.key IN (
    SELECT e.key FROM {schema}.documents e WHERE e.expires_at <= p_now ORDER BY e.expires_at LIMIT 500 FOR UPDATE SKIP LOCKED);
  DELETE FROM {schema}.state s WHERE s.key IN (
    SELECT e.key FROM {schema}.state e WHERE e.expires_at <= clock_timestamp() ORDER BY e.expires_at LIMIT 500 FOR UPDATE SKIP LOCKED);
  DELETE FROM {schema}.writers w WHERE w.id IN (SELECT o.id FROM {schema}.writers o WHERE o.used_at < now() - interval '7 days' LIMIT 50 FOR UPDATE SKIP LOCKED);
  DELETE FROM {schema}.inbox i WHERE (i.task_id, i.retries) IN (
    SELECT o.task_id, o.retries FROM {schema}.inbox o WHERE o.entered_at < now() - interval '7 days' ORDER BY o.entered_at LIMIT 500 FOR UPDATE SKIP LOCKED);
  PERFORM {schema}.place_documents();
  IF EXISTS (SELECT FROM {schema}.queues q WHERE q.expires_ticks IS NOT NULL AND q.used_at + q.expires_ticks / 10000 <= p_now
      AND NOT EXISTS (SELECT FROM {schema}.holder_queues s WHERE s.queue = q.id)) AND pg_try_advisory_xact_lock({lock}, 1) THEN
    SELECT array_agg(id) INTO unused FROM (SELECT q.id FROM {schema}.queues q WHERE q.expires_ticks IS NOT NULL AND q.used_at + q.expires_ticks / 10000 <= p_now
      AND NOT EXISTS (SELECT FROM {schema}.holder_queues s WHERE s.queue = q.id) LIMIT 50) AS found;
    IF unused IS NOT NULL THEN
      PERFORM {schema}.remove_queues(unused);
      UPDATE {schema}.meta SET value = value + 1 WHERE name = 'topology_version';
      PERFORM pg_notify('{schema}', 't');
    END IF;
  END IF;
  PERFORM {schema}.sweep_dropped();
END $$;

-- The number of the newest document that anybody can see.
CREATE OR REPLACE FUNCTION {schema}.latest_document()
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared({lock}, 2);
  RETURN (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {schema}.documents_sequence);
END $$;

-- Makes every change of shared state if every expectation holds, and answers the values that stand there then.
CREATE OR REPLACE FUNCTION {schema}.write_state(p_keys text[], p_contents bytea[], p_expected bigint[], p_lifetimes bigint[])
RETURNS TABLE(is_written boolean, now timestamptz, key text, content bytea, version bigint, expires_at timestamptz)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz;
  fits boolean;
BEGIN
  -- In one order everywhere, so that two writers never wait for each other; also where there is no row to lock yet.
  PERFORM pg_advisory_xact_lock(o.hash) FROM (
    SELECT DISTINCT hashtextextended('{schema}/' || k, {lock}) AS hash FROM unnest(p_keys) AS k ORDER BY 1) AS o;
  moment := clock_timestamp();
  SELECT bool_and(c.expected IS NULL OR coalesce(s.version, 0) = c.expected) INTO fits
    FROM unnest(p_keys, p_expected) AS c(key, expected)
    LEFT JOIN {schema}.state s ON s.key = c.key COLLATE "C" AND (s.expires_at IS NULL OR s.expires_at > moment);
  fits := coalesce(fits, true);
  IF fits THEN
    DELETE FROM {schema}.state s WHERE s.key IN (SELECT c.key COLLATE "C" FROM unnest(p_keys, p_contents) AS c(key, content) WHERE c.content IS NULL);
    INSERT INTO {schema}.state AS s(key, version, expires_at, content)
      SELECT c.key, nextval('{schema}.state_version'), moment + c.lifetime * interval '1 millisecond', c.content
        FROM unnest(p_keys, p_contents, p_lifetimes) AS c(key, content, lifetime) WHERE c.content IS NOT NULL
      ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version, expires_at = EXCLUDED.expires_at, content = EXCLUDED.content;
    -- What every worker follows; nobody needs to ask for it.
    IF EXISTS (SELECT FROM unnest(p_keys) AS k WHERE k LIKE 'paused/%' OR k LIKE 'revoked/%') THEN
      PERFORM pg_notify('{schema}', 's');
    END IF;
  END IF;
  RETURN QUERY SELECT fits, moment, s.key::text, s.content, s.version, s.expires_at FROM (SELECT) AS one
    LEFT JOIN {schema}.state s ON s.key = ANY(p_keys) AND (s.expires_at IS NULL OR s.expires_at > moment);
END $$;
