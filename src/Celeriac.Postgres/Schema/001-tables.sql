-- Version 1. {schema} is replaced by the schema's name, which is letters, digits and underscores.
CREATE TABLE {schema}.meta(name text PRIMARY KEY, value bigint NOT NULL);
-- The identity tells one database from another: a transaction on the wrong one is refused.
INSERT INTO {schema}.meta(name, value) VALUES ('topology_version', 0), ('identity', (random() * 9e15)::bigint);

CREATE TABLE {schema}.exchanges(name text PRIMARY KEY, type smallint NOT NULL, durable boolean NOT NULL);

-- used_at is in no index, so that its updates stay on their page (HOT).
CREATE TABLE {schema}.queues(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, durable boolean NOT NULL,
  expires_ticks bigint, message_ttl_ticks bigint, max_priority smallint,
  dead_letter_exchange text, dead_letter_routing_key text, used_at bigint NOT NULL) WITH (fillfactor = 70);

CREATE TABLE {schema}.bindings(
  exchange text NOT NULL, queue text NOT NULL, routing_key text NOT NULL, PRIMARY KEY (exchange, queue, routing_key));

CREATE TABLE {schema}.dropped_queues(id bigint PRIMARY KEY);

-- One row a message. What is ready, delayed, claimed or expiring is each in a partial index, so that none of them slows another: a scan for
-- ready messages never walks over claimed ones, however many run. Vacuum comes after a fixed number of dead rows, not after a share of the
-- table, so that a queue through which millions pass stays as small as what waits in it.
CREATE TABLE {schema}.messages(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue bigint NOT NULL, priority smallint NOT NULL, due bigint NOT NULL,
  holder bigint, attempt bigint NOT NULL DEFAULT 0, deaths int NOT NULL DEFAULT 0, expires_at bigint NOT NULL,
  exchange text NOT NULL, routing_key text NOT NULL,
  content_type text, content_encoding text, correlation_id text, reply_to text, message_id text,
  message_priority smallint, expiration_ticks bigint, persistent boolean NOT NULL, headers bytea NOT NULL, body bytea NOT NULL)
  WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 100000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX messages_ready ON {schema}.messages(queue, priority DESC, id) WHERE holder IS NULL AND due = 0;
CREATE INDEX messages_delayed ON {schema}.messages(queue, due) WHERE due > 0;
CREATE INDEX messages_claimed ON {schema}.messages(holder, queue) WHERE holder IS NOT NULL;
CREATE INDEX messages_expiring ON {schema}.messages(queue, expires_at) WHERE holder IS NULL AND expires_at > 0;

-- The sequence is the place in the log that waiters follow; null until a write made inside a user's own transaction has got its place.
CREATE TABLE {schema}.documents(
  key text PRIMARY KEY, sequence bigint, expires_at bigint, is_final boolean NOT NULL, content bytea NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE SEQUENCE {schema}.documents_sequence;
CREATE UNIQUE INDEX documents_log ON {schema}.documents(sequence) WHERE sequence IS NOT NULL;
CREATE INDEX documents_unplaced ON {schema}.documents(key) WHERE sequence IS NULL;
CREATE INDEX documents_expiring ON {schema}.documents(expires_at) WHERE expires_at IS NOT NULL;

-- beat and number are in no index: beating and committing are HOT updates.
CREATE TABLE {schema}.holders(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, lease_ticks bigint NOT NULL, beat bigint NOT NULL DEFAULT 0)
  WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE TABLE {schema}.holder_queues(holder bigint NOT NULL, queue bigint NOT NULL, PRIMARY KEY (holder, queue));
CREATE INDEX holder_queues_queue ON {schema}.holder_queues(queue);
CREATE TABLE {schema}.writers(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number bigint NOT NULL DEFAULT 0, answers smallint[], used_at timestamptz NOT NULL DEFAULT now())
  WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE {schema}.state(key text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, expires_at timestamptz, content bytea NOT NULL)
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE SEQUENCE {schema}.state_version;
CREATE INDEX state_expiring ON {schema}.state(expires_at) WHERE expires_at IS NOT NULL;

-- Messages for a broker that is not this database, written inside users' own transactions; a relay publishes them after the commit.
CREATE TABLE {schema}.outbox(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, exchange text NOT NULL, routing_key text NOT NULL, mandatory boolean NOT NULL, due bigint NOT NULL,
  content_type text, content_encoding text, correlation_id text, reply_to text, message_id text,
  message_priority smallint, expiration_ticks bigint, persistent boolean NOT NULL, headers bytea NOT NULL, body bytea NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(), failures int NOT NULL DEFAULT 0, retry_at timestamptz, last_error text)
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- What has run: a task's id and the number of its retry, written inside the transaction of its work.
CREATE TABLE {schema}.inbox(task_id text NOT NULL, retries int NOT NULL, entered_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (task_id, retries));
CREATE INDEX inbox_age ON {schema}.inbox(entered_at);
