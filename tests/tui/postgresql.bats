#!/usr/bin/env bats
# db view and instruments manage on PostgreSQL (tui §2, §3; database 7.3, 10).
bats_require_minimum_version 1.5.0
load screen
load ../bats/postgres

setup_file() { start_postgres; }
teardown_file() { stop_postgres; }

setup() {
  cd "$BATS_TEST_TMPDIR"
  fresh_database
  nx-db init >/dev/null
  for number in 1 2; do
    jq -nc --arg n $number '{kind:"instrument",instrument_pid:("Titan-"+$n),api_url:$n,calendar_url:"c",location:"l",display_name:("Titan TEM "+$n),property_tag:"1",
      filestore_path:"f",harvester:"nemo",timezone:"UTC"}'
  done | nx-db instruments import
  psql_says "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, \"user\")
    SELECT 'session-' || i, 'Titan-1', '2024-01-01T10:00:00+00:00', 'START', 'COMPLETED', NULLIF('user' || i % 3, 'user0') FROM generate_series(1, 1500) i"
}

@test "db view shows rows and structure, filters without regard to case, and shows no password" {
  start_screen 100 24 nexuslims db view
  wait_for "NexusLIMS DB — postgresql://nx:***@" "‹ alembic_version ›" "1 row"
  keys t
  wait_for "Type part of the name..."
  typed session_log
  keys Enter
  wait_for "‹ session_log ›" "session-1" "1-1000 of 1500"
  keys /
  typed SESSION-1234
  wait_for "session-1234" "1 row"
  keys Escape '>'
  wait_for "instrument_pid" "character varying  NOT NULL  PRIMARY KEY" "FOREIGN KEY → instruments(instrument_pid)"
  keys q
  wait_for "END=0 icanon"
}

@test "an instrument without sessions can be deleted, one with sessions stays, because the database refuses it" {
  start_screen 100 24 nexuslims instruments manage
  wait_for "Titan TEM 1" "Titan TEM 2"
  keys d
  wait_for "Confirm Delete" "Delete instrument 'Titan-1'?" "1500 session log entries"
  keys y
  wait_for "violates foreign key constraint"
  [ "$(psql_says 'SELECT count(*) FROM instruments')" = 2 ]
}
