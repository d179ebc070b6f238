#!/usr/bin/env bats
# nx-db: the table of instruments, names of users, the demo database, history as JSON (cli 2.7, 6, 7; database 7).
bats_require_minimum_version 1.5.0
load lib
load engines

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  unset COLUMNS
  no_database
  nx-db init >/dev/null
}

# The two instruments of the goldens in cli 7: 15 and 8 sessions.
two_instruments() {
  sql "INSERT INTO instruments VALUES ('FEI-Titan-TEM-01', 'https://nemo.example.com/api/tools/?id=1', 'c', 'Room 123', 'FEI Titan TEM', 't', 'f', 'nemo', 'America/New_York'),
    ('JEOL-ARM-200F-67', 'https://nemo.example.com/api/tools/?id=42', 'c', 'Room 456', 'JEOL ARM 200F', 't', 'f', 'nemo', 'America/New_York');
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15)
    INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status)
    SELECT 's' || i, 'FEI-Titan-TEM-01', '2025-10-' || (10 + i) || 'T10:00:00-04:00', 'END', 'COMPLETED' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)
    INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status)
    SELECT 't' || i, 'JEOL-ARM-200F-67', '2025-08-' || (10 + i) || 'T10:00:00-04:00', 'END', 'COMPLETED' FROM n;
    UPDATE session_log SET timestamp = '2025-11-03T19:22:00+00:00' WHERE session_identifier = 's3';
    UPDATE session_log SET timestamp = '2025-09-15T09:05:00' WHERE session_identifier = 't2';
    INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('s3', 'FEI-Titan-TEM-01', '2025-01-01T00:00:00Z', 'END', 'COMPLETED'), ('x', 'FEI-Titan-TEM-01', '2026-01-01T00:00:00Z', 'START', 'COMPLETED')"
}

@test "the table is as wide as it wants to be in a pipe" {
  two_instruments
  run nx-db instruments list
  assert_success
  assert_output "                                     NexusLIMS Instruments (2 total)                                      
┏━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┓
┃ ID               ┃ Display Name  ┃ Location ┃ API URL                ┃ Sessions ┃ Last Session         ┃
┡━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━┩
│ FEI-Titan-TEM-01 │ FEI Titan TEM │ Room 123 │ https://ne…tools/?id=1 │       15 │ 2025-11-03 14:22 EST │
│ JEOL-ARM-200F-67 │ JEOL ARM 200F │ Room 456 │ https://ne…ools/?id=42 │        8 │ 2025-09-15 09:05 EDT │
└──────────────────┴───────────────┴──────────┴────────────────────────┴──────────┴──────────────────────┘"
}

@test "100 columns: the wrapping columns give way" {
  two_instruments
  COLUMNS=100 run nx-db instruments list
  assert_output "                                  NexusLIMS Instruments (2 total)                                   
┏━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┓
┃                  ┃ Display  ┃          ┃                        ┃         ┃                      ┃
┃ ID               ┃ Name     ┃ Location ┃ API URL                ┃ Sessio… ┃ Last Session         ┃
┡━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━┩
│ FEI-Titan-TEM-01 │ FEI      │ Room 123 │ https://ne…tools/?id=1 │      15 │ 2025-11-03 14:22 EST │
│                  │ Titan    │          │                        │         │                      │
│                  │ TEM      │          │                        │         │                      │
│ JEOL-ARM-200F-67 │ JEOL ARM │ Room 456 │ https://ne…ools/?id=42 │       8 │ 2025-09-15 09:05 EDT │
│                  │ 200F     │          │                        │         │                      │
└──────────────────┴──────────┴──────────┴────────────────────────┴─────────┴──────────────────────┘"
}

@test "60 columns: the wrapping columns vanish, the others are cut" {
  two_instruments
  COLUMNS=60 run nx-db instruments --list
  assert_output "              NexusLIMS Instruments (2 total)               
┏━━━━━━━━━━━━━━┳┳┳━━━━━━━━━━━━━━━━━━━━┳┳━━━━━━━━━━━━━━━━━━━┓
┃ ID           ┃┃┃ API URL            ┃┃ Last Session      ┃
┡━━━━━━━━━━━━━━╇╇╇━━━━━━━━━━━━━━━━━━━━╇╇━━━━━━━━━━━━━━━━━━━┩
│ FEI-Titan-T… │││ https://ne…tools/… ││ 2025-11-03 14:22… │
│ JEOL-ARM-20… │││ https://ne…ools/?… ││ 2025-09-15 09:05… │
└──────────────┴┴┴────────────────────┴┴───────────────────┘"
}

@test "without UTF-8 the boxes are ASCII" {
  two_instruments
  LC_ALL=C run nx-db instruments list
  assert_success
  assert_line --index 1 --regexp '^\+-+\+$'
  ! LC_ALL=C grep '[^ -~]' <<<"$output"
}

@test "JSON has the sessions and the last end in the instrument's zone" {
  two_instruments
  run nx-db instruments list -f json
  assert_success
  [ "$(jq -c '.[0]' <<<"$output")" = '{"instrument_pid":"FEI-Titan-TEM-01","display_name":"FEI Titan TEM","location":"Room 123","api_url":"https://nemo.example.com/api/tools/?id=1","harvester":"nemo","sessions_total":15,"last_session":"2025-11-03T14:22:00-05:00"}' ]
  [ "$(jq -r '.[1].last_session' <<<"$output")" = 2025-09-15T09:05:00-04:00 ]
}

@test "--jq implies JSON; a program that does not compile is a usage error" {
  two_instruments
  run nx-db instruments list --jq '.[] | .sessions_total'
  assert_output "15
8"
  run nx-db instruments list --jq '.['
  assert_failure 2
}

@test "of timestamps with different offsets the latest instant counts" {
  two_instruments
  sql "DELETE FROM session_log; INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('a', 'FEI-Titan-TEM-01', '2025-06-01T23:00:00-08:00', 'END', 'ERROR'), ('b', 'FEI-Titan-TEM-01', '2025-06-02T01:00:00+00:00', 'END', 'ERROR'),
    ('c', 'FEI-Titan-TEM-01', 'never', 'END', 'ERROR')"
  run nx-db instruments list --jq '.[0].last_session'
  assert_output 2025-06-02T03:00:00-04:00
}

@test "every form of a timestamp counts in the search for the last session" {
  two_instruments
  while IFS='|' read -r times expected; do
    sql "DELETE FROM session_log"
    for time in $times; do
      sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status)
        VALUES ('a', 'FEI-Titan-TEM-01', '${time//_/ }', 'END', 'ERROR')"
    done
    [ "$(nx-db instruments list --jq '.[0] | "\(.last_session) \(.sessions_total)"')" = "$expected 1" ] || fail "$times: $(nx-db instruments list --jq '.[0].last_session')"
  done <<'CASES'
2021-08-03T09:00:00-04:00 20210804|2021-08-04T00:00:00-04:00
2021-08-03T09:00:00-04:00 20210803|2021-08-03T09:00:00-04:00
20210805 2021-08-03 20210804 2021-W31-3|2021-08-05T00:00:00-04:00
20210803T100000Z 20210803T080000 never 20210803T070000-0400|2021-08-03T08:00:00-04:00
2021-08-03_09:00:00.5-04:00 2021-08-03T09:00:00.25-04:00|2021-08-03T09:00:00.500000-04:00
2021-08-03T09:00:00-04:00 2021-08-03T09:00:00.000001-04:00|2021-08-03T09:00:00.000001-04:00
2021-08-03T09:00:00,9-04:00 2021-08-03T09:00:00.5-04:00|2021-08-03T09:00:00.900000-04:00
2021-08-03T09:00:0x-04:00 2021-08-03T09:00:00.5x-04:00 2021-08-02T09:00:00-04:00|2021-08-02T09:00:00-04:00
CASES
}

# bats test_tags=sqlite
@test "a long log is counted like a short one, whatever numbers its rows have" {
  two_instruments
  sql "DELETE FROM session_log;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 159999)
    INSERT INTO session_log SELECT i * 115292150460684 - 9223372036854775807, 's' || (i % 70000), CASE WHEN i % 3 THEN 'FEI-Titan-TEM-01' ELSE 'JEOL-ARM-200F-67' END,
      strftime('%Y-%m-%dT%H:%M:%S', 1700000000 + (i * 7919) % 160000, 'unixepoch') || '+00:00', CASE WHEN i % 5 THEN 'END' ELSE 'START' END, 'COMPLETED', NULL FROM n"
  # What SQLite itself counts: all texts have one offset.
  expected=$(sql "SELECT count(DISTINCT session_identifier), unixepoch(max(timestamp)) FROM session_log WHERE event_type = 'END' GROUP BY instrument ORDER BY instrument")
  sql "UPDATE instruments SET timezone = 'UTC'"
  run nx-db instruments list --jq '.[] | "\(.sessions_total)|\(.last_session | sub("[+]00:00"; "Z") | fromdate)"'
  assert_output "$expected"
}

# bats test_tags=sqlite
@test "identifiers that differ after a zero byte are different sessions" {
  two_instruments
  sql "DELETE FROM session_log; INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('a' || char(0) || 'b', 'FEI-Titan-TEM-01', '2025-06-01T23:00:00Z', 'END', 'ERROR'), ('a' || char(0) || 'c', 'FEI-Titan-TEM-01', '2025-06-01T23:00:00Z', 'END', 'ERROR'),
    ('a', 'FEI-Titan-TEM-01', '2025-06-01T23:00:00Z', 'END', 'ERROR')"
  run nx-db instruments list --jq '.[0].sessions_total'
  assert_output 3
}

@test "no instruments: a sentence, or an empty array" {
  run nx-db instruments list
  assert_output "No instruments found. Use 'nexuslims instruments manage' to add instruments."
  run nx-db instruments list --format json
  assert_output "[]"
}

# bats test_tags=sqlite
@test "list never makes a database" {
  NX_DB_PATH=nowhere.sqlite run nx-db instruments list
  assert_failure 1
  assert_output "Error: Database does not exist at nowhere.sqlite
Run 'nexuslims db init' to create the database."
  [ ! -e nowhere.sqlite ]
  NX_DB_PATH= run nx-db instruments list
  assert_failure 1
  assert_line --index 0 "Error: NX_DB_PATH environment variable is not set."
  [ "$(tail -n 1 <<<"$output")" = "Aborted!" ]
}

@test "storing the id of a user twice changes the row and says when it was checked" {
  nx-db users add alice nemo 101
  created=$(sql 'SELECT created_at FROM external_user_identifiers')
  [ "$(sql 'SELECT external_id, email, last_verified_at, notes FROM external_user_identifiers')" = "101|||" ]
  run nx-db users add alice nemo 102 --notes x
  assert_success
  assert_output "ExternalUserIdentifier (username=alice, system=nemo, external_id=102)"
  [ "$(sql 'SELECT external_id, email, notes, created_at FROM external_user_identifiers')" = "102||x|$created" ]
  [[ "$(sql 'SELECT last_verified_at FROM external_user_identifiers')" == *+00:00 ]]
}

@test "an id that belongs to somebody else is refused, and nothing changes" {
  nx-db users add alice nemo 101
  nx-db users add bob nemo 102 --email b@example.com
  before=$(sql 'SELECT * FROM external_user_identifiers')
  run nx-db users add bob nemo 101
  assert_failure 1
  assert_output "Error: the nemo id 101 belongs to alice"
  run nx-db users add bob yahoo 101
  assert_failure 1
  [ "$(sql 'SELECT * FROM external_user_identifiers')" = "$before" ]
}

@test "lookup, whois and verify find exactly, or print nothing and return 1" {
  nx-db users add alice nemo 101
  nx-db users add alice cdcs 7
  run nx-db users lookup alice nemo
  assert_output 101
  run nx-db users lookup alice
  assert_output '{"cdcs":"7","nemo":"101"}'
  run nx-db users whois cdcs 7
  assert_output alice
  nx-db users verify alice cdcs
  [ "$(sql "SELECT count(*) FROM external_user_identifiers WHERE last_verified_at IS NOT NULL")" = 1 ]
  for words in "lookup Alice nemo" "lookup nobody" "whois nemo 7" "verify nobody nemo"; do
    run nx-db users $words
    assert_failure 1
    assert_output ""
  done
  run nx-db users list --format json
  [ "$(jq -c '.[0] | keys_unsorted' <<<"$output")" = '["id","nexuslims_username","external_system","external_id","email","created_at","last_verified_at","notes"]' ]
}

# bats test_tags=sqlite
@test "the demo database is at head, has ten instruments and no session" {
  run nx-db create-demo
  assert_success
  assert_output "Creating demo database at $BATS_TEST_TMPDIR/nexuslims_demo.db…
✓ Demo database created at $BATS_TEST_TMPDIR/nexuslims_demo.db"
  export NX_DB_PATH=nexuslims_demo.db
  run nx-db check
  assert_success
  [ "$(sql 'SELECT count(*) FROM session_log')" = 0 ]
  run nx-db instruments list --jq 'length, .[9].instrument_pid, .[9].api_url'
  assert_output "10
Hitachi-SU8230-112233
https://nemo.example.com/api/tools/?id=10"
}

# bats test_tags=sqlite
@test "create-demo refuses a file that is there, and replaces it with --force" {
  echo treasure >mine.db
  run --separate-stderr nx-db create-demo mine.db
  assert_failure 1
  [ "$stderr" = "Error: file already exists at $BATS_TEST_TMPDIR/mine.db
Use --force to overwrite it." ]
  [ "$(cat mine.db)" = treasure ]
  run nx-db create-demo mine.db --force
  assert_success
  NX_DB_PATH=mine.db run nx-db check
  assert_success
}

@test "history as JSON: newest first, current only when asked for" {
  run nx-db history --format json
  assert_success
  [ "$(jq -c '[.[] | .revision]' <<<"$output")" = '["v2_5_0b","v2_5_0a","v2_4_0b","v2_4_0a","v1_4_3"]' ]
  [ "$(jq -c '.[0] | del(.path)' <<<"$output")" = '{"revision":"v2_5_0b","parents":["v2_5_0a"],"labels":[],"title":"Remove unused fields and rename schema_name to display_name.","date":"2026-02-08 14:30:00.000000","head":true,"current":null}' ]
  nx-db downgrade >/dev/null
  run nx-db history -i --jq '.[] | select(.current) | .revision'
  assert_output v2_5_0a
}

@test "status says where a database of every state stands" {
  run nx-db status
  assert_success
  assert_output "Alembic status
  DB URI         : $(shown)
  Script location: $(nx-db history --jq '.[0].path' | xargs dirname)
  Repo head      : v2_5_0b
  DB revision    : v2_5_0b
  Versioned?     : True
  → up-to-date."
  while IFS='|' read -r change state line; do
    sql "$change"
    run nx-db status
    assert_success
    [[ "$output" == *"→ $line"* ]] || fail "$output"
    run nx-db status --jq .state
    assert_output "$state"
  done <<'CASES'
UPDATE alembic_version SET version_num = 'v2_4_0a'|pending|pending migrations available.
UPDATE alembic_version SET version_num = 'v9_9_9z'|unknown-revision|DB revision is unknown to this version (newer or corrupted).
DELETE FROM alembic_version|pending|pending migrations available.
DROP TABLE alembic_version|not-versioned|DB is NOT alembic-versioned. Use `nexuslims db alembic stamp v1_4_3` for a database made before migrations.
CASES
  no_database
  rm -f "$NX_DB_PATH"
  run nx-db status
  assert_failure 1
  assert_output "Error: Database not found at $(shown)"
}

@test "info counts the rows of every table" {
  two_instruments
  engine=sqlite host="local file"
  if on_postgresql; then engine=postgresql host="<unknown>"; fi
  run nx-db info --format json
  assert_success
  [ "$(jq -c '[.backend, .read_only, .engine, .host, .connected, .revision, .tables]' <<<"$output")" = \
    '["sql",false,"'"$engine"'","'"$host"'",true,"v2_5_0b",{"alembic_version":1,"external_user_identifiers":0,"instruments":2,"session_log":25,"upload_log":0}]' ]
  run nx-db info
  assert_line "Engine      : $engine"
  assert_line "Revision    : v2_5_0b"
  run nx-db info --verify
  assert_failure 1
}
