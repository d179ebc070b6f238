#!/usr/bin/env bats
# instruments manage: the list, the forms, what others do to the database meanwhile, and the terminal afterwards (tui §1, §2).
bats_require_minimum_version 1.5.0
load screen
load instruments-manage

@test "the list shows the instruments in the order in which they were added, and q leaves with 0 and a terminal as it was" {
  two_instruments
  manage
  wait_for "NexusLIMS Instrument Manager - $NX_DB_PATH" "Titan TEM" "Quanta SEM" "Filter (press / to focus)..."
  [ "$(line_of "Titan TEM")" -lt "$(line_of "Quanta SEM")" ]
  keys q
  wait_for "the shell before" "END=0 icanon"
}

@test "a missing database is made first" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/new/n.db
  manage
  wait_for "Welcome to the NexusLIMS Instrument Manager" "Add First Instrument (a)" "Close"
  [ "$(sqlite3 "$NX_DB_PATH" "SELECT count(*) FROM instruments")" = 0 ]
  keys a
  wait_for "Add New Instrument" "Instrument PID *"
  keys C-q
  wait_for "END=0" "Database not found at $NX_DB_PATH"
}

@test "without a terminal that can show it no database is made" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/new/n.db
  run --separate-stderr nexuslims instruments manage </dev/null
  assert_failure 1
  assert_output ""
  [[ $stderr == "Error: "*terminal* ]]
  [ ! -e "$BATS_TEST_TMPDIR/new" ]
  SCREEN_TERM=dumb manage
  wait_for "END=1" "cannot work on a terminal of the type 'dumb'"
  [ ! -e "$BATS_TEST_TMPDIR/new" ]
}

@test "the keys that the welcome names work in it" {
  make_database
  manage
  wait_for "Add First Instrument (a)"
  keys '?'
  wait_for "add an instrument" "Navigation"
  keys Escape
  wait_for "Add First Instrument (a)" "Filter (press / to focus)..."
  keys C-t
  wait_for "Add First Instrument (a)" "Switched to light mode"
  keys C-z
  wait_for "STOPPED icanon"
  keys Enter
  wait_for "Add First Instrument (a)"
  keys q
  wait_for "END=0 icanon"
  teardown
  manage
  wait_for "Add First Instrument (a)"
  keys C-q
  wait_for "END=0 icanon"
}

@test "a question has help and both themes, and Ctrl+Q in it answers No and quits" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys d
  wait_for "Confirm Delete"
  keys '?'
  wait_for "Confirm Delete - Help" "yes, no"
  keys Escape
  wait_for "Delete instrument 'Titan-1'?" "Titan TEM" "Undo"
  keys C-t
  wait_for "Delete instrument 'Titan-1'?" "Switched to light mode"
  [ "$(cat "$BATS_TEST_TMPDIR/home/nexuslims/theme")" = light ]
  keys C-q
  wait_for "END=0 icanon"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
}

@test "without NX_DB_PATH it says how to set it and ends with 1" {
  unset NX_DB_PATH
  run --separate-stderr nexuslims instruments manage
  assert_failure 1
  [[ $stderr == *"NX_DB_PATH environment variable is not set."*"Aborted!"* ]]
}

@test "the filter works at each key on every column, ignores case, and Escape clears it" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys /
  typed BUILDING\ 22
  wait_until_gone "Quanta SEM"
  wait_for "Titan TEM" "1 of 2"
  keys Escape
  wait_for "Quanta SEM" "Titan TEM"
}

@test "s sorts by each column up and then down, and says so" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys s
  wait_for "Sorted by Display Name ↑" "Display Name ↑"
  [ "$(line_of "Quanta SEM")" -lt "$(line_of "Titan TEM")" ]
  keys s
  wait_for "Sorted by Display Name ↓"
  [ "$(line_of "Titan TEM")" -lt "$(line_of "Quanta SEM")" ]
  keys s
  wait_for "Sorted by PID ↑"
}

@test "a click on the heading sorts, a second one reverses, and a double click on a row opens it" {
  two_instruments
  manage
  wait_for "Titan TEM"
  click 4 "$(line_of "Display Name")"
  wait_for "Sorted by Display Name ↑"
  click 4 "$(line_of "Display Name")"
  wait_for "Sorted by Display Name ↓"
  double_click 4 "$(line_of "Quanta SEM")"
  wait_for "Edit Instrument: Quanta-2"
}

@test "each field says beside it what is wrong with it, while it is typed" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed Titan-1
  wait_for "Instrument PID already exists"
  keys Tab
  typed ftp://x
  wait_for "API URL must start with http:// or https://"
  keys C-u
  typed "https://nemo.example.com/api/tools/?id=Titan-1"
  wait_for "API URL already used by Titan-1"
  keys Tab
  typed "https://"
  wait_for "Calendar URL is not a valid URL"
  keys Tab Tab Tab
  typed 123456789012345678901
  wait_for "Property Tag must be at most 20 characters"
  keys Tab
  typed /absolute
  wait_for "Filestore Path must be relative"
  keys C-u
  typed a/../b
  wait_for "Filestore Path must not contain '..'"
  keys Tab Tab C-u
  typed eastern
  wait_for "Unknown timezone. Did you mean: Canada/Eastern, US/Eastern?"
  keys C-u
  typed Nowhere
  wait_for "Unknown timezone. Use IANA format (e.g., America/New_York)"
  keys C-u
  typed EST
  wait_until_gone "Unknown timezone"
  keys C-s
  wait_for "Validation failed: 7 error(s) in instrument_pid, api_url" "Validation errors:" "• Instrument PID already exists"
  [ "$(sqlite3 "$NX_DB_PATH" "SELECT count(*) FROM instruments")" = 2 ]
}

@test "blanks around a value neither hide a duplicate nor count as a fault" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed " Titan-1 "
  wait_for "Instrument PID already exists"
  keys Tab
  typed " https://nemo.example.com/api/tools/?id=Titan-1  "
  wait_for "API URL already used by Titan-1"
  keys C-u
  typed "  https://nemo.example.com/api/tools/?id=3 "
  wait_until_gone "API URL already"
  [[ $(screen) != *"API URL must"* ]]
  keys Tab
  typed " https://nemo.example.com/calendar/ "; keys Tab
  typed Room; keys Tab
  typed Third; keys Tab
  typed " 12345678901234567890 "; keys Tab
  typed " /absolute"
  wait_for "Filestore Path must be relative"
  keys C-u
  typed " ./Third "; keys Tab Tab C-u
  typed " UTC "
  keys BTab BTab BTab BTab BTab BTab BTab BTab C-u
  typed " New-3 "
  keys C-s
  wait_for "Created instrument: New-3"
  [ "$(value New-3 "api_url || '|' || property_tag || '|' || filestore_path || '|' || timezone")" = \
    "https://nemo.example.com/api/tools/?id=3|12345678901234567890|./Third|UTC" ]
}

@test "a new instrument is stored, the cursor stands on it, and u takes it back" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed New-3; keys Tab
  typed "https://nemo.example.com/api/tools/?id=3"; keys Tab
  typed "https://nemo.example.com/calendar/"; keys Tab
  typed "Room 1"; keys Tab
  typed "電子顕微鏡 é"; keys Tab
  typed T3; keys Tab
  typed ./New; keys Tab Tab C-u
  typed europe/ber
  wait_for "Europe/Berlin"
  keys Right C-s
  wait_for "Created instrument: New-3" "電子顕微鏡 é"
  [ "$(value New-3 display_name)" = "電子顕微鏡 é" ]
  [ "$(value New-3 timezone)" = Europe/Berlin ]
  [ "$(value New-3 harvester)" = nemo ]
  keys u
  wait_for "Undone: New-3"
  [ -z "$(value New-3 display_name)" ]
}

@test "the zone can be searched in a list" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys e
  wait_for "Edit Instrument: Titan-1"
  keys BTab BTab BTab F3
  wait_for "Type part of the name..." "America/Denver"
  typed tokyo
  wait_until_gone "America/Denver"
  keys Enter
  wait_for "Edit Instrument: Titan-1" "Asia/Tokyo"
  keys C-s
  wait_for "Updated instrument: Titan-1"
  [ "$(value Titan-1 timezone)" = Asia/Tokyo ]
}

@test "deleting asks, names the sessions that depend on it, No keeps it, Yes deletes it and u brings it back" {
  two_instruments
  sqlite3 "$NX_DB_PATH" "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('s1', 'Titan-1', '2024-01-01T10:00:00+00:00', 'START', 'TO_BE_BUILT'), ('s1', 'Titan-1', '2024-01-01T11:00:00+00:00', 'END', 'TO_BE_BUILT')"
  manage
  wait_for "Titan TEM"
  keys d
  wait_for "Confirm Delete" "Delete instrument 'Titan-1'?" "2 session log entries"
  keys Enter
  wait_until_gone "Confirm Delete"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
  keys d
  wait_for "Confirm Delete"
  keys y
  wait_for "Deleted instrument: Titan-1"
  [ -z "$(value Titan-1 display_name)" ]
  [ "$(sqlite3 "$NX_DB_PATH" "SELECT count(*) FROM session_log")" = 2 ]
  keys u
  wait_for "Undone: Titan-1 is back"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
}

@test "an answer that was typed before the question was seen does not count" {
  two_instruments
  manage
  wait_for "Titan TEM"
  typed dy
  wait_for "Confirm Delete"
  keys n
  wait_until_gone "Confirm Delete"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
}

@test "where no text field has the focus a pasted text is ignored, and so it is in a question" {
  two_instruments
  manage
  wait_for "Titan TEM"
  pasted $'dy\rSunday\r'
  wait_for "Pasted text is ignored here"
  keys d
  wait_for "Confirm Delete"
  pasted yes
  keys n
  wait_until_gone "Confirm Delete"
  wait_for "Titan TEM" "Quanta SEM"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
  keys /
  pasted $'Quanta\n'
  wait_until_gone "Titan TEM"
  keys Escape
  wait_for "Titan TEM"
  keys C-z
  wait_for "STOPPED icanon"
  keys Enter
  wait_for "Titan TEM" "Quit"
  pasted dy
  wait_for "Pasted text is ignored here"
  keys q
  wait_for "END=0 icanon"
}

@test "an addition that has got sessions meanwhile is not undone without a question" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed New-3; keys Tab
  typed "https://nemo.example.com/api/tools/?id=3"; keys Tab
  typed https://nemo.example.com/calendar/; keys Tab
  typed Room; keys Tab
  typed Third; keys Tab
  typed T3; keys Tab
  typed ./Third
  keys C-s
  wait_for "Created instrument: New-3"
  sqlite3 "$NX_DB_PATH" "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('s1', 'New-3', '2024-01-01T10:00:00+00:00', 'START', 'TO_BE_BUILT')"
  keys u
  wait_for "Confirm Delete" "Delete instrument 'New-3'?" "1 session log entry"
  keys n
  wait_until_gone "Confirm Delete"
  [ "$(value New-3 location)" = Room ]
  keys u
  wait_for "Confirm Delete"
  keys y
  wait_for "Undone: New-3 is deleted again"
  [ -z "$(value New-3 location)" ]
}

@test "a key that the program does not know is no Escape" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys e
  wait_for "Edit Instrument: Titan-1"
  keys Tab Tab C-u
  for key in $'\033d' $'\033\177' $'\033[29~' $'\033[27;5;100~' $'\033Oz' $'\033\033[A'; do typed "$key"; done
  typed Attic
  wait_for "Edit Instrument: Titan-1" "Attic"
  keys Escape
  wait_for "Quanta SEM"
  keys d
  wait_for "Confirm Delete"
  typed $'\033y'
  keys Tab
  typed $'\033n'
  wait_for "Confirm Delete"
  keys Escape
  wait_until_gone "Confirm Delete"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
}

@test "of two people who edit one instrument the second is told and sees both versions" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys e
  wait_for "Edit Instrument: Titan-1"
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET location = 'Moved away' WHERE instrument_pid = 'Titan-1'"
  keys Tab Tab Tab C-u
  typed "My name for it"
  keys C-s
  wait_for "Somebody else saved this instrument" "Your version" "Version in the database" "Moved away" "My name for it" "≠ Location"
  [ "$(value Titan-1 display_name)" = "Titan TEM" ]
  keys t
  wait_for "Edit Instrument: Titan-1" "Moved away"
  keys Escape
  wait_for "Quanta SEM"
  keys e
  wait_for "Edit Instrument: Titan-1"
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET location = 'Again elsewhere' WHERE instrument_pid = 'Titan-1'"
  keys Tab Tab Tab C-u
  typed "Kept"
  keys C-s
  wait_for "Somebody else saved this instrument"
  keys k
  wait_for "Updated instrument: Titan-1"
  [ "$(value Titan-1 display_name)" = "Kept" ]
}

@test "an instrument that somebody else deleted while it was edited is not written" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys e
  wait_for "Edit Instrument: Titan-1"
  sqlite3 "$NX_DB_PATH" "DELETE FROM instruments WHERE instrument_pid = 'Titan-1'"
  keys C-s
  wait_for "Failed to update instrument: somebody else deleted Titan-1 meanwhile"
  [ "$(sqlite3 "$NX_DB_PATH" "SELECT count(*) FROM instruments")" = 1 ]
}

@test "a database that another program has locked is an error notice, and the form stays" {
  two_instruments
  export NX_TEST_TIME_SCALE=0.02
  manage
  wait_for "Titan TEM"
  keys e
  wait_for "Edit Instrument: Titan-1"
  coproc LOCKER { sqlite3 "$NX_DB_PATH"; }
  local locker=$LOCKER_PID
  echo "BEGIN EXCLUSIVE; SELECT 'locked';" >&"${LOCKER[1]}"
  read -r -t 60 answer <&"${LOCKER[0]}"
  [ "$answer" = locked ]
  keys C-s
  wait_for "Failed to update instrument:" "locked"
  screen | grep -q "Edit Instrument: Titan-1"
  kill "$locker"
  wait "$locker" || true
  keys C-s
  wait_for "Updated instrument: Titan-1"
}

@test "a database that was removed meanwhile is an error notice, and the program stays" {
  two_instruments
  manage
  wait_for "Titan TEM"
  mv "$NX_DB_PATH" "$NX_DB_PATH.away"
  keys r
  wait_for "Failed to read the instruments: Database does not exist" "Titan TEM"
  [ ! -e "$NX_DB_PATH" ]
  mv "$NX_DB_PATH.away" "$NX_DB_PATH"
  keys r
  wait_for "Read again: 2 instruments"
}

@test "a database that cannot be written to is shown with a notice, and refuses changes" {
  two_instruments
  chmod 444 "$NX_DB_PATH"
  start_as_nobody 80 24 nexuslims instruments manage
  wait_for "READ-ONLY" "Titan TEM" "Read-only: $NX_DB_PATH: "
  for key in a e d u Enter; do
    keys "$key"
    wait_for "Read-only: $NX_DB_PATH: "
    keys Down
    wait_until_gone "Read-only:"
  done
  keys q
  wait_for "END=0"
}

@test "of a database in a folder that cannot be written to it is said that it is the folder" {
  [ "$(id -u)" = 0 ] || skip "only root can make a folder that is not ours"
  mkdir "$BATS_TEST_TMPDIR/f"
  export NX_DB_PATH=$BATS_TEST_TMPDIR/f/n.db
  nx-db init >/dev/null
  chmod 666 "$NX_DB_PATH"
  start_as_nobody 160 24 nexuslims instruments manage
  wait_for "Read-only: $BATS_TEST_TMPDIR/f: "
  keys a
  wait_for "Read-only: $BATS_TEST_TMPDIR/f: "
  keys q
  wait_for "END=0"
}

@test "the help shows what each key of the last line does, and the common keys" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys '?'
  wait_for "Help" "add an instrument" "delete the selected instrument" "Ctrl+Q" "Ctrl+T" "Theme" "Navigation"
  keys Escape
  wait_for "Titan TEM"
}

@test "1000 instruments can be walked through, filtered and sorted" {
  make_database
  sqlite3 "$NX_DB_PATH" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO instruments (instrument_pid, api_url, calendar_url, location, display_name, property_tag, filestore_path, harvester, timezone)
    SELECT printf('P-%04d', i), 'https://x/?id=' || i, 'https://x/', 'R' || i, printf('Name %04d', i), 'T', './p', 'nemo', 'UTC' FROM n"
  manage
  wait_for "Name 0001" "1000"
  keys End
  wait_for "Name 1000"
  keys s s
  wait_for "Sorted by Display Name ↓"
  keys Home
  wait_for "Name 1000"
  keys /
  typed "name 0777"
  wait_for "Name 0777" "1 of 1000"
}

@test "an edited instrument is as it was after u, once" {
  two_instruments
  manage
  wait_for "Titan TEM"
  change_titan 2 "Cellar"
  [ "$(value Titan-1 location)" = Cellar ]
  keys u
  wait_for "Undone: Titan-1 is as it was"
  [ "$(value Titan-1 location)" = "Building 223" ]
  keys u
  wait_for "There is nothing to undo"
}

@test "a field that is not changed keeps its bytes, also those that no text has" {
  two_instruments
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET location = CAST(x'610062' AS TEXT) WHERE instrument_pid = 'Titan-1'"
  manage
  wait_for "Titan TEM"
  change_titan 4 "T2"
  [ "$(value Titan-1 property_tag)" = T2 ]
  [ "$(value Titan-1 "hex(location)")" = 610062 ]
  keys u
  wait_for "Undone: Titan-1 is as it was"
  [ "$(value Titan-1 property_tag)" = T1 ]
  [ "$(value Titan-1 "hex(location)")" = 610062 ]
}

@test "a field that is not changed keeps its blanks" {
  two_instruments
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET location = ' Attic ', display_name = 'Titan TEM ' WHERE instrument_pid = 'Titan-1'"
  manage
  wait_for "Titan TEM"
  change_titan 4 " T2 "
  [ "$(value Titan-1 property_tag)" = T2 ]
  [ "$(value Titan-1 "location || '|' || display_name || '|'")" = " Attic |Titan TEM |" ]
}

@test "what was never read whole is not given back by u, and that is said before it goes" {
  two_instruments
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET location = CAST(x'610062' AS TEXT) WHERE instrument_pid = 'Titan-1';
    UPDATE instruments SET location = CAST(x'61fc' AS TEXT) WHERE instrument_pid = 'Quanta-2'"
  manage
  wait_for "Titan TEM"
  change_titan 2 "Cellar"
  keys u
  wait_for "Not undone: Titan-1 held bytes that are no text"
  [ "$(value Titan-1 location)" = Cellar ]
  keys Down d
  wait_for "Delete instrument 'Quanta-2'?" "cannot be undone"
  keys y
  wait_for "Deleted instrument: Quanta-2"
  keys u
  wait_for "Not undone: Quanta-2 held bytes that are no text"
  [ -z "$(value Quanta-2 location)" ]
  keys u
  wait_for "There is nothing to undo"
}

@test "what somebody else has changed since is not undone" {
  two_instruments
  manage
  wait_for "Titan TEM"
  change_titan 2 "Cellar"
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET location = 'Roof' WHERE instrument_pid = 'Titan-1'"
  keys u
  wait_for "Not undone: somebody else changed Titan-1 meanwhile"
  [ "$(value Titan-1 location)" = Roof ]
}

@test "two people in two terminals: the second to save is told, and sees both versions" {
  two_instruments
  manage
  wait_for "Titan TEM"
  PERSON=two
  manage
  wait_for "Titan TEM"
  for PERSON in one two; do
    keys e
    wait_for "Edit Instrument: Titan-1"
    keys Tab Tab C-u
  done
  PERSON=one
  typed "Where the first put it"
  keys C-s
  wait_for "Updated instrument: Titan-1"
  PERSON=two
  typed "Where the second put it"
  keys C-s
  wait_for "Somebody else saved this instrument" "Where the first put it" "Where the second put it" "≠ Location"
  [ "$(value Titan-1 location)" = "Where the first put it" ]
  keys Down Down Down Enter
  wait_for "Your version:" "Where the second put it" "Version in the database:" "Where the first put it"
  keys Escape
  wait_for "Keep mine"
  keys Escape
  wait_for "Edit Instrument: Titan-1" "Where the second put it"
}

@test "an empty form names every field that is required" {
  two_instruments
  manage 200 50
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  keys BTab BTab BTab C-u C-s
  wait_for "Validation failed: 8 error(s) in instrument_pid, api_url, calendar_url, location, display_name, property_tag, filestore_path, timezone"
  for label in "Instrument PID" "API URL" "Calendar URL" "Location" "Display Name" "Property Tag" "Filestore Path" "Timezone"; do
    screen | grep -qF "• $label is required"
  done
}

@test "texts that are too long are refused, doubtful ones only remarked on" {
  two_instruments
  export NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR NX_NEMO_ADDRESS_1=https://nemo.example.org/api/ NX_NEMO_TOKEN_1=x
  manage 120 40
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed "$(printf 'p%.0s' {1..101})"
  wait_for "Instrument PID must be at most 100 characters"
  keys Tab
  typed https://nemo.example.com/api/tools/
  wait_for "NEMO needs the number of the tool"
  typed "?id=4"
  wait_for "It begins with no configured NX_NEMO_ADDRESS_N"
  keys Tab Tab
  typed "$(printf 'l%.0s' {1..101})"
  wait_for "Location must be at most 100 characters"
  keys Tab Tab Tab
  typed ./not/there
  wait_for "There is no folder $BATS_TEST_TMPDIR/not/there yet"
}

@test "an instrument with a calendar needs no API URL, which is made of calendar and PID" {
  two_instruments
  manage
  wait_for "Titan TEM"
  keys a
  wait_for "Add New Instrument"
  typed Cal-9; keys Tab Tab
  typed "Webcal://calendar.example.com/a.ics"
  wait_for "Calendar URL must start with http:// or https://"
  keys Tab
  typed Room; keys Tab
  typed "With a calendar"; keys Tab
  typed T9; keys Tab
  typed ./Cal; keys Tab Space
  wait_for "‹ ical ›"
  wait_until_gone "Calendar URL must"
  keys BTab BTab BTab BTab BTab C-u
  typed "file://server/a.ics"
  wait_for "Calendar URL must be http(s)://HOST/..., webcal(s)://HOST/... or file:///..."
  keys C-u
  typed "Webcal://"
  wait_for "Calendar URL must be http"
  typed "calendar.example.com/a.ics"
  wait_until_gone "Calendar URL must"
  keys C-s
  wait_for "Created instrument: Cal-9"
  [ "$(value Cal-9 api_url)" = "Webcal://calendar.example.com/a.ics#Cal-9" ]
  [ "$(value Cal-9 harvester)" = ical ]
}

@test "a harvester that no harvest would accept is neither offered nor stored" {
  two_instruments
  mkdir "$BATS_TEST_TMPDIR/programs"
  for name in nemo 'my lab' zeta; do
    printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/programs/nx-harvest-$name"
    chmod +x "$BATS_TEST_TMPDIR/programs/nx-harvest-$name"
  done
  PATH=$BATS_TEST_TMPDIR/programs:$PATH
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'my lab'"
  manage
  wait_for "Titan TEM"
  keys Enter
  wait_for "my lab" "There is no harvester 'my lab' here"
  for ((i = 0; i < 6; i++)); do keys Tab; done
  for name in nemo ical zeta nemo; do
    keys Space
    wait_for "‹ $name ›"
  done
  wait_until_gone "There is no harvester"
  keys C-s
  wait_until_gone "‹ nemo ›"
  [ "$(sqlite3 "$NX_DB_PATH" "SELECT group_concat(harvester) FROM (SELECT harvester FROM instruments ORDER BY 1)")" = "my lab,nemo" ]
}

@test "an instrument whose harvester is not installed for this account can be changed, and keeps it" {
  two_instruments
  sqlite3 "$NX_DB_PATH" "UPDATE instruments SET harvester = 'lab' WHERE instrument_pid = 'Titan-1'"
  manage
  wait_for "Titan TEM"
  change_titan 2 "Room 9"
  [ "$(value Titan-1 location)" = "Room 9" ]
  [ "$(value Titan-1 harvester)" = lab ]
}

@test "what is no database is refused before anything is drawn" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/n.db
  echo "no database at all, but long enough to be looked at" >"$NX_DB_PATH"
  manage
  wait_for "END=1 icanon" "Error:" "not a database"
  [[ $(screen) == *"the shell before"* ]]
}
