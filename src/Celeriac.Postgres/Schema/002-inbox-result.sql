-- Version 2. A repeat that the inbox drops answers what the first run answered; null where the task entered by itself.
ALTER TABLE {schema}.inbox ADD COLUMN result bytea;
