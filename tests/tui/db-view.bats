#!/usr/bin/env bats
# db view: pages, filter, order, structure, and that nothing is ever written (tui §3).
bats_require_minimum_version 1.5.0
load screen

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# rows COUNT — sessions in a database with one instrument.
rows() {
  make_database
  instrument Titan-1 "Titan TEM" | import
  sqlite3 "$NX_DB_PATH" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
    INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, user)
    SELECT printf('session-%06d', i), 'Titan-1', '2024-01-01T10:00:00+00:00', 'START', 'COMPLETED', CASE i % 10 WHEN 0 THEN NULL ELSE 'user' || i % 7 END FROM n"
}

view() {
  start_screen "${1:-100}" "${2:-24}" nexuslims db view
}

# open_table NAME — by the list of tables.
open_table() {
  keys t
  wait_for "Type part of the name..."
  typed "$1"
  keys Enter
  wait_for "‹ $1 ›"
}

@test "without a terminal, without NX_DB_PATH and without a database it ends with 1 and says why" {
  run --separate-stderr nexuslims db view
  assert_failure 1
  [[ $stderr == *NX_DB_PATH* ]]
  NX_DB_PATH=$BATS_TEST_TMPDIR/none.db run --separate-stderr nexuslims db view
  assert_failure 1
  [[ $stderr == *"does not exist"* ]]
  [ ! -e "$BATS_TEST_TMPDIR/none.db" ]
  make_database
  run --separate-stderr nexuslims db view </dev/null
  assert_failure 1
  [[ $stderr == *terminal* ]]
}

@test "what is no database is named, and what is wrong with it" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/n.db
  echo "no database at all, but long enough to be looked at" >"$NX_DB_PATH"
  start_screen 200 24 nexuslims db view
  wait_for "END=1 icanon" "Error: database $NX_DB_PATH: file is not a database"
  teardown
  rm "$NX_DB_PATH"
  mkdir "$NX_DB_PATH"
  start_screen 200 24 nexuslims db view
  wait_for "END=1 icanon" "Error: database $NX_DB_PATH is a folder: unable to open database file"
}

@test "the first table in the alphabet is shown, NULL is told from empty, and q leaves with 0" {
  rows 10
  view
  wait_for "NexusLIMS DB — $NX_DB_PATH" "Table Viewer" "Database Structure" "‹ alembic_version ›" "version_num" "1 row"
  open_table session_log
  wait_for "session-000001" "10 rows"
  keys Right Right Right Right Right Right
  wait_for NULL
  keys q
  wait_for "END=0 icanon"
}

@test "nothing in the folder of the database changes" {
  rows 50
  before=$(sha256sum "$NX_DB_PATH"; ls -A "$BATS_TEST_TMPDIR" | grep n.db)
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000001"
  keys s /
  typed user3
  wait_for "user3"
  keys C-q
  wait_for "END=0"
  [ "$(sha256sum "$NX_DB_PATH"; ls -A "$BATS_TEST_TMPDIR" | grep n.db)" = "$before" ]
}

@test "of 20000 rows 1000 are shown at a time, PgDn at the end pages on, and the count is right" {
  rows 20000
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "1-1000 of 20000" "session-000001"
  keys End
  wait_for "session-001000"
  keys NPage
  wait_for "1001-2000 of 20000" "session-001001"
  keys PPage
  wait_for "1-1000 of 20000" "session-001000"
}

@test "the filter looks into all columns, ignores case, and takes % and _ as they are" {
  rows 20000
  sqlite3 "$NX_DB_PATH" "UPDATE session_log SET user = '100%_sure' WHERE id_session_log = 15000"
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "1-1000 of 20000"
  keys /
  typed SESSION-01999
  wait_for "10 rows" "session-019990" "session-019999"
  keys C-u
  typed 0%_S
  wait_for "1 row" "session-015000"
  keys C-u
  typed "no such thing"
  wait_for "No row matches the filter."
  keys Escape
  wait_for "1-1000 of 20000"
}

@test "a heading sorts up, down and not at all, with s and with the mouse" {
  rows 30
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000001"
  keys 2 s
  wait_for "session_identifier ↑"
  keys s
  wait_for "session_identifier ↓"
  [ "$(line_of session-000030)" -lt "$(line_of session-000029)" ]
  keys s
  wait_until_gone "session_identifier ↓"
  wait_for "session-000001"
  click 3 "$(line_of id_session_log)"
  wait_for "id_session_log ↑"
  click 3 "$(line_of id_session_log)"
  wait_for "id_session_log ↓" "session-000030"
}

@test "another table clears filter and order" {
  rows 30
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000001"
  keys s /
  typed 000007
  wait_for "1 row"
  keys Enter
  open_table instruments
  wait_for "Titan-1"
  open_table session_log
  wait_for "30 rows"
  wait_until_gone "↑"
}

@test "a long cell opens whole, and a cell and a row are copied to the clipboard" {
  rows 3
  long=$(printf 'word%.0s ' {1..200})
  sqlite3 "$NX_DB_PATH" "UPDATE session_log SET user = '${long}THE-END' WHERE id_session_log = 1"
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000001"
  keys 2 c
  wait_for "Copied the cell"
  [ "$(tmux_of_test show-buffer)" = session-000001 ]
  keys C
  wait_for "Copied the row"
  [[ $(tmux_of_test show-buffer) == 1$'\t'session-000001$'\t'Titan-1$'\t'* ]]
  keys 7 Enter
  wait_for "THE-END"
  keys Escape
  wait_for "Table Viewer"
}

@test "the structure shows columns with their types, keys, indexes, foreign keys and the statement" {
  rows 1
  view 110 60
  wait_for "alembic_version"
  keys '>'
  wait_for "instrument_pid" "VARCHAR(100)  NOT NULL  PRIMARY KEY" "FOREIGN KEY → instruments(instrument_pid)" "ix_session_log_session_identifier" "INDEX (session_identifier)"
  keys Down Down Down Enter
  wait_for "CREATE TABLE alembic_version"
  keys Escape
  wait_until_gone "CREATE TABLE alembic_version"
  keys '<'
  wait_for "version_num"
}

@test "a click on a tab opens it" {
  rows 1
  view
  wait_for "Database Structure"
  click 20 2
  wait_for "PRIMARY KEY"
}

@test "a database that is locked by another program is waited for without blocking the keys" {
  rows 3
  view
  wait_for "alembic_version"
  coproc LOCKER { sqlite3 "$NX_DB_PATH"; }
  local locker=$LOCKER_PID
  echo "BEGIN EXCLUSIVE; SELECT 'locked';" >&"${LOCKER[1]}"
  read -r -t 60 answer <&"${LOCKER[0]}"
  [ "$answer" = locked ]
  keys t
  wait_for "Type part of the name..."
  typed session_log
  keys Enter
  wait_for "‹ session_log ›" "searching..."
  keys '?'
  wait_for "read the rows again"
  keys Escape
  kill "$locker"
  wait "$locker" || true
  wait_for "session-000001"
}

@test "a database that was removed meanwhile is said to be gone" {
  rows 3
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000001"
  mv "$NX_DB_PATH" "$NX_DB_PATH.away"
  keys r
  wait_for "The file is no longer there"
}

@test "the file is open for reading only, so nothing could be written whatever happened" {
  rows 3
  view
  wait_for "alembic_version"
  pid=$(cat "$BATS_TEST_TMPDIR/pid") count=0
  for link in "/proc/$pid/fd/"*; do
    [ "$(readlink "$link")" = "$NX_DB_PATH" ] || continue
    count=$((count + 1))
    flags=$(awk '$1 == "flags:" {print $2}' "/proc/$pid/fdinfo/${link##*/}")
    [ $((flags & 3)) = 0 ]
  done
  [ "$count" -gt 0 ]
}

@test "of 1,000,000 rows the rows that a filter keeps are found, and typing is shown at once meanwhile" {
  rows 1000000
  sqlite3 "$NX_DB_PATH" "UPDATE session_log SET user = 'needle' WHERE id_session_log IN (17, 999999)"
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "1-1000 of 1000000" "session-000001"
  keys /
  typed needle
  wait_for needle
  wait_for "2 rows" "session-000017" "session-999999"
  keys BSpace BSpace BSpace BSpace BSpace BSpace
  wait_for "1-1000 of 1000000" "session-000001"
  typed session-99999
  wait_for "10 rows" "session-999990" "session-999999"
  typed 7
  wait_for "1 row" "session-999997"
  keys Escape
  wait_for "1-1000 of 1000000"
  keys 2 s s
  wait_for "session_identifier ↓" "session-999999"
  keys 4 s s
  wait_for "timestamp ↓" "1-1000 of 1000000"
  keys End NPage
  wait_for "1001-2000 of 1000000"
}

@test "rows that somebody else adds are there when they are asked for again" {
  rows 3
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "3 rows"
  sqlite3 "$NX_DB_PATH" "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status)
    VALUES ('the-new-one', 'Titan-1', '2024-01-02', 'START', 'COMPLETED')"
  keys r
  wait_for "4 rows" "the-new-one"
}

@test "the demo database, filtered by 223 and sorted by location, is as the reference says" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/demo.db
  nx-db create-demo "$NX_DB_PATH" >/dev/null
  view 200 24
  wait_for "alembic_version"
  open_table instruments
  wait_for "10 rows"
  keys /
  typed "  223 "
  wait_for "4 rows" "FEI-Titan-TEM-635816" "FEI-Quanta-650-334455" "Gatan-Ilion-II-990011" "Hitachi-SU8230-112233"
  keys Enter
  local heading=$(screen | sed -n 5p)
  heading=${heading%%location*}
  click $((${#heading} + 2)) 5
  wait_for "location ↑"
  [ "$(line_of "Room B101")" -lt "$(line_of "Room B104")" ]
  [ "$(line_of "Room B203")" -lt "$(line_of "Room G205")" ]
}

@test "a cell that is longer than a page keeps opens whole, and is copied whole" {
  rows 2
  sqlite3 "$NX_DB_PATH" "UPDATE session_log SET user = replace(hex(zeroblob(20000)), '00', 'ab') || 'THE-END' WHERE id_session_log = 2"
  view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000002"
  keys Down 7 Enter
  wait_for "line 1 of"
  keys End
  wait_for THE-END
  keys c
  wait_for Copied
  tmux_of_test show-buffer >copied
  [ "$(wc -c <copied)" = 40007 ]
  keys Escape
  wait_for "Table Viewer"
}

@test "every other key of the help does what it says" {
  rows 1200
  view 120 24
  wait_for "alembic_version"
  keys '?'
  wait_for "filter: keep rows" "sort by the current column" "choose another table" "the whole text of the cell" "the whole row" "copy the cell" \
    "copy the row" "the tab before" "read the rows again" "next part" "choose a column" "the next 1000 rows" "Ctrl+Q" "Ctrl+T"
  keys q
  wait_until_gone "filter: keep rows"
  open_table session_log
  wait_for "1-1000 of 1200"
  keys v
  wait_for "id_session_log: 1" "session_identifier: session-000001" "record_status: COMPLETED"
  keys Escape
  wait_for "Table Viewer"
  keys 3 Enter
  wait_for "Titan-1" "line 1 of 1"
  keys q
  wait_for "Table Viewer"
  keys C-NPage
  wait_for "PRIMARY KEY"
  keys C-PPage
  wait_for "1-1000 of 1200"
  keys Tab
  keys Right
  wait_for "‹ upload_log ›" "The table has no rows."
  keys Left
  wait_for "‹ session_log ›"
  keys Tab
  typed 000007
  wait_for "1 row" "session-000007"
  keys Tab
  keys Left s
  wait_for "↑"
  keys C-q
  wait_for "END=0 icanon"
}

@test "views and triggers stand in the structure, and a table folds away" {
  rows 1
  sqlite3 "$NX_DB_PATH" "CREATE VIEW busy AS SELECT instrument FROM session_log;
    CREATE TRIGGER guard BEFORE DELETE ON instruments BEGIN SELECT 1; END"
  view 110 90
  wait_for "alembic_version"
  keys '>'
  wait_for "▾ busy" "view" "▾ guard" "trigger on instruments" "version_num"
  keys Enter
  wait_until_gone version_num
  wait_for "▸ alembic_version"
}

@test "a WAL database on read-only media is read as it stands, another one is not taken for one that nobody can change" {
  rows 3
  mkdir media
  sqlite3 "$NX_DB_PATH" "PRAGMA journal_mode=WAL" >/dev/null
  cp "$NX_DB_PATH" media/n.db
  chmod 555 media
  chmod 444 media/n.db
  NX_DB_PATH=$PWD/media/n.db start_as_nobody 100 24 nexuslims db view
  wait_for "alembic_version"
  open_table session_log
  wait_for "session-000001" "3 rows"
  keys q
  wait_for END=0
  teardown
  # With its rollback journal it can be locked: a program that writes is waited for, even where we may not write.
  sqlite3 "$NX_DB_PATH" "PRAGMA journal_mode=DELETE" >/dev/null
  chmod 444 "$NX_DB_PATH"
  start_as_nobody 100 24 nexuslims db view
  wait_for "alembic_version"
  coproc LOCKER { sqlite3 "$NX_DB_PATH"; }
  local locker=$LOCKER_PID
  echo "BEGIN EXCLUSIVE; SELECT 'locked';" >&"${LOCKER[1]}"
  read -r -t 60 answer <&"${LOCKER[0]}"
  [ "$answer" = locked ]
  open_table session_log
  wait_for "searching..."
  kill "$locker"
  wait "$locker" || true
  wait_for "session-000001"
}

@test "on a screen of 40x12 rows, structure and cells can be used, and a resize keeps the place" {
  rows 30
  view 40 12
  wait_for "alembic_version" "Table Viewer"
  open_table session_log
  wait_for "30 rows" "id_session_log"
  keys Right Enter
  wait_for "session-000001"
  resize 130 30
  wait_for "line 1 of 1"
  keys Escape
  wait_for "Database Structure" "id_session_log" "session-000020"
  resize 40 12
  keys '>'
  wait_for "version_num" "CREATE statement"
  keys Down Enter
  wait_for "VARCHAR(32)  NOT NULL  PRIMARY KEY"
}

@test "it works on screen, linux and vt100 terminals, and without colours" {
  rows 3
  for SCREEN_TERM in screen linux vt100; do
    view
    wait_for "alembic_version"
    keys q
    wait_for "END=0 icanon"
    teardown
  done
  SCREEN_TERM=xterm-256color NO_COLOR=1 view
  wait_for "alembic_version"
  [[ $(tmux_of_test capture-pane -e -p) != *$'\033['*[34]8\;5* ]]
}
