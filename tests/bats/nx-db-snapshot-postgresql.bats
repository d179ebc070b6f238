#!/usr/bin/env bats
# nx-db export and import between SQLite and PostgreSQL (igem-db 8.2, 12.2; database 10).
bats_require_minimum_version 1.5.0
load lib
load postgres

setup_file() { start_postgres; }
teardown_file() { stop_postgres; }

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  export NX_DATA_PATH=$BATS_TEST_TMPDIR
  fresh_database
  nx-db --db-uri here.sqlite init >/dev/null
  sqlite3 here.sqlite "INSERT INTO instruments VALUES ('FEI-Titan-1', 'https://nemo/api/?id=1', '', '223', 'Titan', '1', './Titan', 'nemo', 'America/Denver'),
         ('Älter', 'https://nemo/api/?id=2', '', '223', 'tab	and \"quotes\"', '2', 'C:\\Titan', 'ical', 'UTC');
       INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status, user) VALUES
         ('a-1', 'FEI-Titan-1', '2026-02-01T10:00:00-07:00', 'START', 'TO_BE_BUILT', 'jdoe'),
         ('a-1', 'FEI-Titan-1', '2026-02-01 11:00:00', 'END', 'TO_BE_BUILT', NULL),
         ('a-1', 'orphan', 'no time', 'RECORD_GENERATION', 'ERROR', 'nexuslims');
       INSERT INTO upload_log(session_identifier, destination_name, success, timestamp, metadata_json) VALUES ('a-1', 'cdcs', 1, 't', '{\"user\":\"jdoe\"}');
       INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at, notes)
         VALUES ('jdoe', 'nemo', '7', 'j@example.org', '2026-01-01', 'Jörg ☃
second line');"
}

everything() { sqlite3 "$1" .dump | sort; }

@test "the same rows give the same files from SQLite and from PostgreSQL, and come back as they were" {
  nx-db --db-uri here.sqlite export -o ours
  run nx-db import ours
  assert_success
  assert_line "✓ Imported 7 rows in 4 tables"
  nx-db export -o theirs
  for file in ours/*.parquet; do cmp "$file" "theirs/${file#ours/}"; done
  [ "$(jq -r .source.engine theirs/manifest.json)" = postgresql ]
  nx-db --db-uri back.sqlite import theirs
  diff <(everything here.sqlite) <(everything back.sqlite)
}

@test "an import leaves orphans, the foreign key for new rows, and ids that go on" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  nx-db import ours >/dev/null
  insert="INSERT INTO session_log(session_identifier, instrument, timestamp, event_type, record_status) VALUES"
  run psql -qAtc "$insert ('x', 'FEI-Titan-1', 't', 'START', 'ERROR') RETURNING id_session_log"
  assert_output 4
  run psql -qAtc "$insert ('x', 'nowhere', 't', 'START', 'ERROR')"
  assert_failure
  assert_output --partial session_log_instrument_fkey
}

@test "an instrument whose harvester is NULL, as old databases may have it, comes back as it was" {
  need_corpus db
  install -m 644 "$CORPUS/db/v1_4_3_legacy.sqlite" old.sqlite
  sqlite3 old.sqlite "UPDATE instruments SET harvester = NULL WHERE rowid = 1"
  nx-db --db-uri old.sqlite alembic stamp v1_4_3
  nx-db --db-uri old.sqlite upgrade >/dev/null
  nx-db --db-uri old.sqlite export -o ours >/dev/null
  run nx-db import ours
  assert_success
  [ "$(psql -qAtc 'SELECT count(*) FROM instruments WHERE harvester IS NULL')" = 1 ]
  run nx-db check
  assert_success
  run nx-db alembic check
  assert_success
  nx-db export -o theirs >/dev/null
  for file in ours/*.parquet; do cmp "$file" "theirs/${file#ours/}"; done
}

@test "an import that fails leaves the database as it was" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  nx-db init >/dev/null
  truncate -s -9 ours/upload_log.parquet
  run nx-db import ours
  assert_failure 1
  assert_output --partial "upload_log.parquet"
  [ "$(psql -qAtc 'SELECT count(*) FROM instruments')" = 0 ]
  nx-db --db-uri here.sqlite export -o again >/dev/null
  nx-db import again >/dev/null
  run nx-db import again
  assert_failure 1
  assert_output --partial "Database is not empty"
}

@test "an import that fails in a database without tables takes back those that it made" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  jq '.tables.upload_log.rows += 1' ours/manifest.json >edited
  mv edited ours/manifest.json
  run nx-db import ours
  assert_failure 1
  assert_output --partial 'table upload_log has '
  assert_equal "$(psql -qAtc "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" 0
  sqlite3 empty.sqlite 'CREATE TABLE t (a); DROP TABLE t'
  run nx-db --db-uri empty.sqlite import ours
  assert_failure 1
  assert_equal "$(sqlite3 empty.sqlite 'SELECT count(*) FROM sqlite_master')" 0
  nx-db --db-uri here.sqlite export -o again >/dev/null
  for address in "$NX_DB_PATH" empty.sqlite; do nx-db --db-uri "$address" import again; done
}

@test "an import into tables of another revision says what to do about them" {
  nx-db --db-uri here.sqlite downgrade v2_4_0b >/dev/null
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  nx-db init >/dev/null
  run nx-db import ours
  assert_failure 1
  assert_output 'Error: the empty database is at revision v2_5_0b, the snapshot at v2_4_0b: name a database without tables, and import makes them'
  nx-db --db-uri made.sqlite init >/dev/null
  run nx-db --db-uri made.sqlite import ours
  assert_failure 1
  assert_output 'Error: the empty database is at revision v2_5_0b, the snapshot at v2_4_0b: remove the database file, and import makes a new one'
}

@test "integers that another program made floating point are stored" {
  node=$NX_SOURCE/tests/node
  [ -d "$node/node_modules/@duckdb" ] || skip "@duckdb/node-api is not installed in tests/node"
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  node "$node/rewrite-parquet.mjs" "$PWD/ours" session_log "id_session_log::DOUBLE AS id_session_log"
  nx-db import ours
  [ "$(psql -qAtc 'SELECT sum(id_session_log) FROM session_log')" = 6 ]
}

@test "a truth value written as text is refused as it is on SQLite" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  python3 "$NX_SOURCE/tests/bats/write-parquet.py" ours upload_log '[["id", "integer", [1]], ["session_identifier", "text", ["a-1"]],
    ["destination_name", "text", ["cdcs"]], ["success", "text", ["true"]], ["timestamp", "text", ["t"]]]'
  for address in "$NX_DB_PATH" new.sqlite; do
    run nx-db --db-uri "$address" import ours
    assert_failure 1
    assert_line 'Error: table upload_log, row 1, column success: the value is no truth value, as the column declares'
  done
}

@test "a text with a NUL character is refused with its table, row and column, as it is on SQLite" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  python3 "$NX_SOURCE/tests/bats/write-parquet.py" ours external_user_identifiers '[["id", "integer", [1, 2]],
    ["nexuslims_username", "text", ["a", "b"]], ["external_system", "text", ["nemo", "nemo"]], ["external_id", "text", ["7", "8\u00009"]], ["created_at", "text", ["t", "t"]]]'
  for address in "$NX_DB_PATH" new.sqlite; do
    run nx-db --db-uri "$address" import ours
    assert_failure 1
    assert_line 'Error: table external_user_identifiers, row 2, column external_id: a text with a NUL character cannot be stored'
  done
  [ ! -e new.sqlite ]
}

@test "a column that PostgreSQL computes itself is left out of the snapshot, and computed again by an import" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  nx-db init >/dev/null
  psql -qc 'ALTER TABLE instruments ADD COLUMN loud text GENERATED ALWAYS AS (upper(timezone)) STORED'
  nx-db import ours >/dev/null
  nx-db export -o theirs >/dev/null
  cmp ours/instruments.parquet theirs/instruments.parquet
  psql -qc 'DELETE FROM upload_log' -c 'DELETE FROM session_log' -c 'DELETE FROM external_user_identifiers' -c 'DELETE FROM instruments'
  nx-db import theirs
  assert_equal "$(psql -qAtc "SELECT loud FROM instruments WHERE instrument_pid = 'FEI-Titan-1'")" AMERICA/DENVER
}

@test "floating-point numbers come back with their sign, zero too" {
  nx-db init >/dev/null
  psql -qc 'ALTER TABLE instruments ADD COLUMN tilt double precision' -c "INSERT INTO instruments
    SELECT i, i, '', '', i, '', '', 'nemo', 'UTC', (ARRAY['-0', '0', '-2', '0.5'])[i]::double precision FROM generate_series(1, 4) AS i"
  nx-db export -o theirs >/dev/null
  psql -qc 'DELETE FROM instruments'
  nx-db import theirs
  assert_equal "$(psql -qAtc "SELECT string_agg(tilt::text, ' ' ORDER BY instrument_pid) FROM instruments")" '-0 0 -2 0.5'
}

@test "no password of the address is in the manifest" {
  nx-db init >/dev/null
  nx-db export -o theirs >/dev/null
  run ! grep -rE 'pa:ss@word|pa%3Ass%40word' theirs
}

# cut_while_waiting TABLE MODE COMMAND…: the command, whose connection the server cuts while it waits for the table, which is locked in a mode
cut_while_waiting() {
  local waiting="datname = '$PGDATABASE' AND usename = 'nx' AND wait_event_type = 'Lock'" tries=0
  psql -qAt -c BEGIN -c "LOCK TABLE $1 IN $2 MODE" -c 'SELECT pg_sleep(20)' -c COMMIT >/dev/null 3>&- &
  until [ "$(psql -qAtc "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND mode IN ('ShareLock', 'AccessExclusiveLock') AND granted")" = 1 ]; do sleep 0.05; done
  (
    until [ "$(psql -qAtc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $waiting")" = t ] || [ $((tries += 1)) -gt 300 ]; do sleep 0.05; done
  ) 3>&- &
  run nx-db "${@:3}"
  psql -qAtc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()" >/dev/null
  wait
}

@test "an export whose connection is cut leaves nothing, and names the server" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  nx-db import ours >/dev/null
  cut_while_waiting upload_log 'ACCESS EXCLUSIVE' export -o theirs
  assert_failure 1
  assert_output --partial "the connection to the PostgreSQL server at "
  refute_output --partial 'pa:ss@word'
  run ! compgen -G '*theirs*'
  run ! compgen -G '.theirs*'
}

@test "an import whose connection is cut in the middle leaves no row, and can be done again" {
  nx-db --db-uri here.sqlite export -o ours >/dev/null
  nx-db init >/dev/null
  cut_while_waiting upload_log SHARE import ours
  assert_failure 1
  assert_line --regexp '^  session_log +3$'
  [ "$(psql -qAtc 'SELECT (SELECT count(*) FROM instruments) + (SELECT count(*) FROM session_log)')" = 0 ]
  nx-db import ours >/dev/null
}

@test "an export without the right to read a table names it and leaves nothing" {
  nx-db init >/dev/null
  psql -qc 'ALTER TABLE upload_log OWNER TO admin' -c 'REVOKE ALL ON upload_log FROM nx'
  run nx-db export -o theirs
  assert_failure 1
  assert_output --partial 'permission denied for table upload_log'
  [ ! -e theirs ]
}
