#!/usr/bin/env bats
# db view and instruments manage on a PostgreSQL server of their own (database §10).
bats_require_minimum_version 1.5.0
load screen
load ../bats/postgres

setup_file() {
  start_postgres
}

teardown_file() {
  stop_postgres
}

setup() {
  fresh_database
  nx-db init >/dev/null
  { instrument Titan-1 "Titan TEM" "Building 223"; instrument Quanta-2 "Quanta SEM" "Building 7"; } | import
}

value() {
  psql_says "SELECT $2 FROM instruments WHERE instrument_pid = '$1'"
}

@test "db view pages, filters, sorts and shows the structure, without the password anywhere" {
  psql_says "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status)
    SELECT 'session-' || lpad(i::text, 6, '0'), 'Titan-1', '2024-01-01T10:00:00+00:00', 'START', 'COMPLETED' FROM generate_series(1, 3000) i"
  start_screen 130 60 nexuslims db view
  wait_for "NexusLIMS DB — postgresql://nx:***@" "alembic_version" "1 row"
  keys t
  wait_for "Type part of the name..."
  typed session_log
  keys Enter
  wait_for "1-1000 of 3000" "session-000001"
  keys End NPage
  wait_for "1001-2000 of 3000" "session-001001"
  keys /
  typed SESSION-00299
  wait_for "10 rows" "session-002990" "session-002999"
  keys C-u
  typed "%"
  wait_for "No row matches the filter."
  keys Escape
  wait_for "1-1000 of 3000"
  keys 2 s s
  wait_for "session_identifier ↓" "session-003000"
  keys c
  wait_for "Copied the cell"
  keys '>'
  wait_for "instrument_pid" "FOREIGN KEY → instruments(instrument_pid)" "PRIMARY KEY" "INDEX (session_identifier)"
  [[ $(screen) != *ss@word* ]]
  keys q
  wait_for "END=0 icanon"
}

@test "what the viewer's connection sends cannot write" {
  start_screen 100 24 nexuslims db view
  wait_for "alembic_version"
  run -0 psql_says "SELECT count(*) FROM pg_stat_activity WHERE usename = 'nx' AND state IS NOT NULL"
  [ "$output" -gt 0 ]
  # The same settings as the viewer's.
  run ! env PGOPTIONS="-c default_transaction_read_only=on" psql -XqAt "$NX_DB_PATH" -c "DELETE FROM instruments"
  keys r
  wait_for "1 row"
  [ "$(psql_says "SELECT count(*) FROM instruments")" = 2 ]
}

@test "instruments are added, edited, undone; one that sessions name is kept, and that is said instead of asked" {
  start_screen 80 24 nexuslims instruments manage
  wait_for "Titan TEM" "Quanta SEM"
  keys e
  wait_for "Edit Instrument"
  keys Tab Tab C-u
  typed Cellar
  keys C-s
  wait_for "Updated instrument: Quanta-2"
  [ "$(value Quanta-2 location)" = Cellar ]
  keys u
  wait_for "Undone: Quanta-2 is as it was"
  [ "$(value Quanta-2 location)" = "Building 7" ]
  keys d
  wait_for "Delete instrument 'Quanta-2'?"
  keys y
  wait_for "Deleted instrument: Quanta-2"
  keys u
  wait_for "Undone: Quanta-2 is back"
  psql_says "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status)
    VALUES ('s', 'Titan-1', '2024-01-01T10:00:00+00:00', 'START', 'COMPLETED')"
  keys Down d
  wait_for "Cannot Delete" "Titan-1" "1 session log entry"
  keys Enter
  wait_until_gone "Cannot Delete"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
}

@test "of two people who edit one instrument the second is told here too" {
  start_screen 100 24 nexuslims instruments manage
  wait_for "Titan TEM"
  keys Down e
  wait_for "Edit Instrument: Titan-1"
  psql_says "UPDATE instruments SET location = 'Moved away' WHERE instrument_pid = 'Titan-1'"
  keys Tab Tab C-u
  typed Here
  keys C-s
  wait_for "Somebody else saved this instrument" "Moved away" "Here"
}

@test "a server that is not there is an error before anything is drawn, and one that goes away an error on the screen" {
  NX_DB_PATH="postgresql://nx@127.0.0.1:1/none" start_screen 80 24 nexuslims db view
  wait_for "END=1 icanon" "Error:" "127.0.0.1"
  teardown
  start_screen 80 24 nexuslims db view
  wait_for "alembic_version" "1 row"
  psql_says "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'nx'" >/dev/null
  keys t
  wait_for "Type part"
  typed instruments
  keys Enter
  wait_for "‹ instruments ›" "the connection to the PostgreSQL server"
  keys q
  wait_for "END=0 icanon"
}
