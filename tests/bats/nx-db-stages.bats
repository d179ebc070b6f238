#!/usr/bin/env bats
# nx-db as a stage: events in, sessions out, results in (LINES, record-building 2, harvest-nemo 7).
bats_require_minimum_version 1.5.0
load lib
load engines
load nx-db-stages

# stopped_in_the_middle COMMAND…: nx-db has all its lines at hand, and is told to end once it has begun with them
stopped_in_the_middle() {
  jq -nc 'range(200000) | {kind:"usage_event",session_identifier:"e\(.)",instrument_pid:"FEI-Titan-TEM-635816",
    start:"2025-03-03T11:05:12-05:00",end:"2025-03-03T15:59:30-05:00",user:"ned"}' >events
  nx-db "$@" <events >out 2>err 3>&- &
  WAITING=$!
  until has_begun; do kill -0 $WAITING; sleep 0.05; done
  kill -TERM $WAITING
  status=0
  wait $WAITING || status=$?
  [ "$status" = 1 ] || fail "exit $status: $(cat err)"
}

@test "log-events that is told to end stops between two events" {
  has_begun() { [ "$(sql 'SELECT count(*) FROM session_log')" -gt 0 ]; }
  stopped_in_the_middle log-events
  [ "$(sql 'SELECT count(*) FROM session_log')" -lt 400000 ]
}

@test "pending -n --events that is told to end stops between two events" {
  has_begun() { [ -s out ]; }
  stopped_in_the_middle pending -n --events
  [ "$(wc -l <out)" -lt 200000 ]
}

@test "a usage event becomes a START and an END row to be built" {
  run --separate-stderr nx-db log-events <<<"$(event 29)"
  assert_success
  [ "$stderr" = "1 added, 0 known" ]
  run rows
  assert_output "https://nemo.example.com/api/usage_events/?id=29|FEI-Titan-TEM-635816|2025-03-03T11:05:12.123456-05:00|START|TO_BE_BUILT|ned
https://nemo.example.com/api/usage_events/?id=29|FEI-Titan-TEM-635816|2025-03-03T15:59:30-05:00|END|TO_BE_BUILT|ned"
}

@test "an event that is known is not stored again, whatever its times and status are now" {
  event 29 | nx-db log-events
  sql "UPDATE session_log SET record_status = 'COMPLETED'"
  before=$(rows)
  run --separate-stderr nx-db log-events <<<"$(event 29 2025-03-03T11:00:00-05:00)"
  assert_success
  [ "$stderr" = "0 added, 1 known" ]
  [ "$(rows)" = "$before" ]
}

# calendar_event IDENTIFIER START
calendar_event() {
  event 0 "$2" | jq -c --arg id "ical:FEI-Titan-TEM-635816:$1" '.session_identifier = $id'
}

@test "a booking that became a series, or is one no more, is known by its start, and its other instances are not" {
  calendar_event a 2025-03-03T10:00:00-05:00 | nx-db log-events
  calendar_event b/20250303T160000Z 2025-03-03T17:00:00+01:00 | nx-db log-events
  run --separate-stderr nx-db log-events < <(calendar_event a/20250303T150000Z 2025-03-03T10:00:00-05:00; calendar_event b 2025-03-03T11:00:00-05:00)
  assert_success
  [ "$stderr" = "0 added, 2 known" ]
  run nx-db pending -n --events < <(calendar_event a/20250303T150000Z 2025-03-03T15:00:00Z; calendar_event b 2025-03-03T16:00:00Z)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = "ical:FEI-Titan-TEM-635816:a
ical:FEI-Titan-TEM-635816:b/20250303T160000Z" ] || fail "$output"
  run --separate-stderr nx-db log-events < <(calendar_event a/20250304T150000Z 2025-03-04T10:00:00-05:00
    calendar_event b 2025-03-04T11:00:00-05:00; calendar_event a/20250303T150000Z 2025-03-03T12:00:00-05:00)
  assert_success
  [ "$stderr" = "3 added, 0 known" ]
}

@test "an instance that was moved is known when its booking is no series any more, by its time alone" {
  calendar_event 'w_%/20250303T150000Z' 2025-03-03T13:00:00-05:00 | nx-db log-events
  calendar_event 'n/20250310T150000Z' 2025-03-10T13:00:00-05:00 | nx-db log-events
  calendar_event 'n/20250303T150000Z' 2025-03-03T10:00:00-05:00 | nx-db log-events
  run --separate-stderr nx-db log-events < <(calendar_event 'w_%' 2025-03-03T18:00:00Z; calendar_event n 2025-03-10T13:00:00-05:00)
  assert_success
  [ "$stderr" = "0 added, 2 known" ] || fail "$stderr"
  run nx-db pending -n --events < <(calendar_event 'w_%' 2025-03-03T13:00:00-05:00)
  assert_success
  [ "$(jq -r .session_identifier <<<"$output" | sort -u)" = 'ical:FEI-Titan-TEM-635816:n/20250303T150000Z
ical:FEI-Titan-TEM-635816:n/20250310T150000Z
ical:FEI-Titan-TEM-635816:w_%/20250303T150000Z' ] || fail "$output"
}

@test "a booking that became a series is known when the instance at its time was moved there" {
  calendar_event a 2025-03-03T13:00:00-05:00 | nx-db log-events
  run --separate-stderr nx-db log-events < <(calendar_event a/20250303T150000Z 2025-03-03T13:00:00-05:00
    calendar_event a/20250310T150000Z 2025-03-10T10:00:00-05:00)
  [ "$stderr" = "1 added, 1 known" ] || fail "$stderr"
}

@test "at the same time other bookings, and what no calendar names so, are added" {
  { calendar_event 'W/20250303T150000Z' 2025-03-03T13:00:00-05:00; calendar_event 'wxy/20250303T150000Z' 2025-03-03T13:00:00-05:00
    calendar_event 'w/room' 2025-03-03T13:00:00-05:00; calendar_event 'w/x/20250303T150000Z' 2025-03-03T13:00:00-05:00
    calendar_event 'w/20251303T150000Z' 2025-03-03T13:00:00-05:00; calendar_event w0 2025-03-03T13:00:00-05:00
    calendar_event b 2025-03-03T13:00:00-05:00; } | nx-db log-events
  run --separate-stderr nx-db log-events < <(calendar_event w 2025-03-03T13:00:00-05:00; calendar_event w_y 2025-03-03T13:00:00-05:00
    calendar_event 'b/20250303T150000Z/20250303T150000Z' 2025-03-03T13:00:00-05:00; event 1 | jq -c '.session_identifier = "b/20250303T150000Z"'
    event 2 | jq -c '.session_identifier = "b"')
  assert_success
  [ "$stderr" = "5 added, 0 known" ] || fail "$stderr"
}

@test "of an event whose START row alone is there the END row is added and START keeps its status" {
  sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('https://nemo.example.com/api/usage_events/?id=29', 'FEI-Titan-TEM-635816', '2025-03-03T11:05:12-05:00', 'START', 'ERROR')"
  event 29 | nx-db log-events
  [ "$(sql 'SELECT event_type, record_status FROM session_log' | tr '\n' ' ')" = "START|ERROR END|TO_BE_BUILT " ]
}

@test "an event of an unknown instrument is left out with a warning" {
  run --separate-stderr nx-db log-events <<<"$(event 29 | jq -c '.instrument_pid="nope"')
$(event 30)"
  assert_success
  [[ "$stderr" == *"WARNING: line 1: instrument 'nope'"* ]]
  [[ "$stderr" == *"1 added, 0 known"* ]]
}

@test "log-events -n counts and writes nothing, not even another journal mode" {
  before=$(fingerprint)
  run --separate-stderr nx-db log-events -n <<<"$(event 29)"
  assert_success
  [ "$stderr" = "1 added, 0 known" ]
  [ "$(fingerprint)" = "$before" ]
}

@test "a line that a stage cannot read ends it with 2, its number and the reason, and earlier events stay" {
  while IFS='|' read -r bad reason; do
    no_database
    nx-db init >/dev/null
    instrument | nx-db instruments --import 2>/dev/null
    run --separate-stderr nx-db log-events < <(event 1; printf '%b\n' "$bad"; event 2)
    [ "$status" -eq 2 ] || fail "$bad: exit $status"
    [[ "$stderr" == *"line 2: "*"$reason"* ]] || fail "$bad: $stderr"
    [ "$(sql 'SELECT count(*) FROM session_log')" = 2 ] || fail "$bad: $(rows)"
  done <<'CASES'
{no json|not JSON
[1]|not a JSON object
{"kind":"banana"}|unknown kind 'banana'
{"a":1}|kind
{"kind":"usage_event"}|'session_identifier' is missing
{"kind":"usage_event","session_identifier":7}|'session_identifier' is not a string
{"kind":"usage_event","session_identifier":""}|'session_identifier' is empty
{"kind":"usage_event","session_identifier":"a","instrument_pid":"b","start":"yesterday"}|'start' is no time
{"kind":"usage_event","session_identifier":"a","instrument_pid":"b","start":"2025-03-03T11:05:12Z"}|'end' is missing
{"kind":"usage_event","session_identifier":"a\\u0000b"}|NUL
{"kind":"\xff\xfe"}|UTF-8
CASES
}

@test "a line of 50 MB is refused by every stage that reads lines" {
  for stage in log-events log-results "instruments import" "pending -n --events"; do
    run --separate-stderr nx-db $stage < <(head -c 50000000 /dev/zero | tr '\0' x)
    [ "$status" -eq 2 ] || fail "$stage: exit $status"
    [[ "$stderr" == *"line 1: longer than 40 MiB"* ]] || fail "$stage: $stderr"
  done
}

@test "a pending session is handed out with its instrument, its times and a first export" {
  event 29 | nx-db log-events
  run --separate-stderr nx-db pending
  assert_success
  assert_output "$(jq -nc --argjson i "$(instrument | jq -c 'del(.kind)')" '{kind:"session",session_identifier:"https://nemo.example.com/api/usage_events/?id=29",
    instrument:$i,start:"2025-03-03T11:05:12.123456-05:00","end":"2025-03-03T15:59:30-05:00",user:"ned",status:"TO_BE_BUILT",export_mode:"export",uploads:[]}')"
  [ "$(rows | tail -n 1)" = "https://nemo.example.com/api/usage_events/?id=29|FEI-Titan-TEM-635816||RECORD_GENERATION|WAITING_FOR_END|nexuslims" ]
}

@test "sessions come in the order of their START rows" {
  { event 3; event 1; event 2; } | nx-db log-events
  run nx-db pending -n
  [ "$(jq -r .session_identifier <<<"$output" | grep -o '[0-9]*$' | tr '\n' ' ')" = "3 1 2 " ]
}

@test "the row that a killed run left is taken over, and the export looks first" {
  event 29 | nx-db log-events
  nx-db pending >/dev/null
  run nx-db pending
  assert_json .export_mode retry
  [ "$(sql "SELECT count(*) FROM session_log WHERE event_type = 'RECORD_GENERATION'")" = 1 ]
}

@test "an attempt that may have reached a destination is remembered, whatever became of the session after it" {
  local end
  event 29 | nx-db log-events
  nx-db pending >/dev/null
  for end in ERROR NO_FILES_FOUND; do
    result $end | nx-db log-results >/dev/null
    sql "UPDATE session_log SET record_status = 'TO_BE_BUILT' WHERE event_type <> 'RECORD_GENERATION'"
    run nx-db pending -n
    assert_success
    assert_json .export_mode retry
  done
  result ERROR | nx-db log-results >/dev/null
  run nx-db pending --retry
  assert_success
  assert_json .status TO_BE_BUILT
  assert_json .export_mode retry
}

@test "pending -n hands out the same sessions and writes nothing" {
  event 29 | nx-db log-events
  before=$(rows)
  run nx-db pending -n
  assert_success
  assert_json .status TO_BE_BUILT
  [ "$(rows)" = "$before" ]
}

@test "pending -n --events adds the sessions of events, each identifier once" {
  event 29 | nx-db log-events
  run nx-db pending -n --events < <(event 29; event 30; event 30; event 31 | jq -c '.instrument_pid="nope"')
  assert_success
  [ "$(grep '^{' <<<"$output" | jq -r '.session_identifier + " " + .status' | grep -o '[0-9]* T.*' | tr '\n' ' ')" = "29 TO_BE_BUILT 30 TO_BE_BUILT " ]
}

@test "pending -n --events leaves out the events whose sessions the database knows: those that wait come from there" {
  { event 1; event 2; event 3; } | nx-db log-events
  sql "UPDATE session_log SET record_status = 'COMPLETED' WHERE session_identifier LIKE '%=1'; UPDATE session_log SET record_status = 'ERROR' WHERE session_identifier LIKE '%=2'"
  for id in 1 2 3 4; do event $id; done >events
  run nx-db pending -n --events <events
  assert_success
  assert_equal "$(jq -r .session_identifier <<<"$output" | grep -o '[0-9]*$' | tr '\n' ' ')" "3 4 "
  run nx-db pending -n --events --retry <events
  assert_success
  assert_equal "$(jq -r .session_identifier <<<"$output" | grep -o '[0-9]*$' | tr '\n' ' ')" "2 3 4 "
}

@test "pending -n --events refuses an identifier with a NUL in it" {
  for key in session_identifier instrument_pid; do
    run --separate-stderr nx-db pending -n --events < <(event 29 | jq -c --arg key $key '.[$key] += "\u0000evil"')
    assert_failure 2
    assert_output ""
    [[ "$stderr" == *"line 1: key '$key' is text with a NUL character" ]] || fail "$stderr"
  done
}

@test "--events without -n is a usage error" {
  run nx-db pending --events
  assert_failure 2
}

@test "a START row without END is logged and left alone, the others go on" {
  { event 1; event 2; } | nx-db log-events
  sql "DELETE FROM session_log WHERE event_type = 'END' AND session_identifier LIKE '%=1'"
  run --separate-stderr nx-db pending
  assert_success
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=2'
  [[ "$stderr" == *"ERROR: session https://nemo.example.com/api/usage_events/?id=1 has a START row"* ]]
  [ "$(wc -l <<<"$output")" = 1 ]
}

@test "a START row whose END row has another status is left alone, and both are said" {
  { event 1; event 2; } | nx-db log-events
  sql "UPDATE session_log SET record_status = 'COMPLETED' WHERE event_type = 'END' AND session_identifier LIKE '%=1'"
  run --separate-stderr nx-db pending
  assert_success
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=2'
  [ "$(wc -l <<<"$output")" = 1 ]
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" \
    "ERROR: session https://nemo.example.com/api/usage_events/?id=1 has a START row (id_session_log 1), but its END row is COMPLETED, not TO_BE_BUILT; it is left alone"
  run --separate-stderr nx-db pending -n --session 'https://nemo.example.com/api/usage_events/?id=1'
  assert_success
  assert_json .end 2025-03-03T15:59:30-05:00
}

@test "an END row to be built whose START row is not to be built, or not there, is left alone and named" {
  { event 1; event 2; event 3; } | nx-db log-events
  sql "UPDATE session_log SET record_status = 'WAITING_FOR_END' WHERE event_type = 'START' AND session_identifier LIKE '%=1'"
  sql "DELETE FROM session_log WHERE event_type = 'START' AND session_identifier LIKE '%=3'"
  run --separate-stderr nx-db pending
  assert_success
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=2'
  [ "$(wc -l <<<"$output")" = 1 ]
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" \
    "WARNING: session https://nemo.example.com/api/usage_events/?id=1 has an END row (id_session_log 2) to be built, but its START row is WAITING_FOR_END; it is left alone
WARNING: session https://nemo.example.com/api/usage_events/?id=3 has an END row (id_session_log 6) to be built, but no START row; it is left alone"
  run --separate-stderr nx-db pending -n --session 'https://nemo.example.com/api/usage_events/?id=2'
  assert_equal "$stderr" ""
  sql "UPDATE session_log SET record_status = 'ERROR' WHERE event_type = 'START' AND session_identifier LIKE '%=1'"
  run --separate-stderr nx-db pending -n --retry
  [ "$(grep -c 'id=1 ' <<<"$stderr")" = 1 ]
}

@test "of several END rows the one with the highest id counts" {
  event 29 | nx-db log-events
  sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) SELECT session_identifier, instrument,
    '2025-03-03T14:00:00-05:00', 'END', record_status FROM session_log WHERE event_type = 'END'"
  run nx-db pending
  assert_json .end 2025-03-03T14:00:00-05:00
}

@test "a row with a time that cannot be read is left out and named" {
  { event 1; event 2; } | nx-db log-events
  sql "UPDATE session_log SET timestamp = 'soon' WHERE id_session_log = 1"
  run --separate-stderr nx-db pending
  assert_success
  [ "$(wc -l <<<"$output")" = 1 ]
  [[ "$stderr" == *"(id_session_log 1) is left out"* ]]
}

@test "a session without a name, or of an instrument without one, is left out and named, and the others go on" {
  event 1 | nx-db log-events
  orphans_allowed
  sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('', 'FEI-Titan-TEM-635816', '2020-01-07T11:00:00Z', 'START', 'TO_BE_BUILT'), ('', 'FEI-Titan-TEM-635816', '2020-01-07T12:00:00Z', 'END', 'TO_BE_BUILT'),
    ('x', '', '2020-01-07T11:00:00Z', 'START', 'TO_BE_BUILT'), ('x', '', '2020-01-07T12:00:00Z', 'END', 'TO_BE_BUILT')"
  run --separate-stderr nx-db pending
  assert_success
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=1'
  [ "$(wc -l <<<"$output")" = 1 ]
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "WARNING: id_session_log 3 has an empty session_identifier; left out
WARNING: id_session_log 5 has an empty instrument; left out"
}

@test "a session of an instrument that is gone becomes an error on its line" {
  event 29 | nx-db log-events
  orphans_allowed
  sql "DELETE FROM instruments"
  run --separate-stderr nx-db pending
  assert_success
  assert_json .status ERROR
  [[ "$(jq -r .error.message <<<"$output")" == *FEI-Titan-TEM-635816* ]]
  run nx-db log-results <<<"$output"
  assert_success
  [ "$(sql 'SELECT DISTINCT record_status FROM session_log')" = ERROR ]
}

@test "--from and --to compare instants: START at or after, END at or before" {
  { event 1 2025-03-03T23:00:00-05:00 2025-03-04T01:00:00-05:00; event 2 2025-03-05T08:00:00-05:00 2025-03-05T09:00:00-05:00; } | nx-db log-events
  TZ=UTC run nx-db pending -n --from 2025-03-04T04:00:00+00:00 --to 2025-03-04T06:00:00+00:00
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=1'
  [ "$(wc -l <<<"$output")" = 1 ]
  TZ=UTC run nx-db pending -n --from 2025-03-04T04:00:01+00:00
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=2'
  TZ=UTC run nx-db pending -n --to 2025-03-04
  assert_json .session_identifier 'https://nemo.example.com/api/usage_events/?id=1'
  run nx-db pending -n --from none --to all
  [ "$(wc -l <<<"$output")" = 2 ]
}

@test "a date that is none is a usage error" {
  run nx-db pending --from yesterday
  assert_failure 2
  assert_output --partial "Error: Invalid value: "
}

@test "--status chooses other sessions and an unknown word is a usage error" {
  { event 1; event 2; event 3; } | nx-db log-events
  sql "UPDATE session_log SET record_status = 'ERROR' WHERE session_identifier LIKE '%=2'; UPDATE session_log SET record_status = 'NO_CONSENT' WHERE session_identifier LIKE '%=3'"
  run nx-db pending --status ERROR --status NO_CONSENT
  [ "$(jq -r .status <<<"$output" | tr '\n' ' ')" = "ERROR NO_CONSENT " ]
  [ "$(sql "SELECT count(*) FROM session_log WHERE event_type = 'RECORD_GENERATION'")" = 0 ]
  run nx-db pending --status DONE
  assert_failure 2
}

@test "--session hands out one session whatever its status, and says when there is none" {
  event 29 | nx-db log-events
  sql "UPDATE session_log SET record_status = 'COMPLETED'"
  run nx-db pending --session 'https://nemo.example.com/api/usage_events/?id=29'
  assert_success
  assert_json .status COMPLETED
  run nx-db pending --session nowhere
  assert_failure 1
  assert_output "Error: session nowhere is not in the database"
}

@test "--retry puts ERROR sessions back to work and hands out BUILT_NOT_EXPORTED ones for another try" {
  { event 1; event 2; event 3; } | nx-db log-events
  sql "UPDATE session_log SET record_status = 'ERROR' WHERE session_identifier LIKE '%=1'; UPDATE session_log SET record_status = 'BUILT_NOT_EXPORTED' WHERE session_identifier LIKE '%=2'"
  run nx-db pending --retry
  assert_success
  [ "$(jq -r '.status + " " + .export_mode' <<<"$output" | tr '\n' ' ')" = "TO_BE_BUILT export BUILT_NOT_EXPORTED retry TO_BE_BUILT export " ]
  [ "$(sql "SELECT DISTINCT record_status FROM session_log WHERE session_identifier LIKE '%=1' AND event_type <> 'RECORD_GENERATION'")" = TO_BE_BUILT ]
  [ "$(sql "SELECT count(*) FROM session_log WHERE event_type = 'RECORD_GENERATION'")" = 2 ]
}

upload() { # upload SUCCESS TIMESTAMP [DESTINATION]
  sql "INSERT INTO upload_log (session_identifier, destination_name, success, timestamp, record_id, metadata_json)
    VALUES ('https://nemo.example.com/api/usage_events/?id=29', '${3:-cdcs}', '$1', '$2', '7', '{\"orphan_page_id\": \"9\"}')"
}

@test "the newest upload of each destination is on the line, as an instant and then by id" {
  event 29 | nx-db log-events
  upload 0 2025-03-04T01:00:00+00:00
  upload 1 2025-03-03T23:00:00-05:00
  upload 0 2025-03-04T02:00:00+00:00
  upload 0 2025-03-04T02:00:00+00:00 elabftw
  run nx-db pending -n
  [ "$(jq -c '[.uploads[] | [.destination_name, .success, .timestamp, .metadata.orphan_page_id]]' <<<"$output")" = \
    '[["cdcs",true,"2025-03-03T23:00:00-05:00","9"],["elabftw",false,"2025-03-04T02:00:00+00:00","9"]]' ]
  assert_json .export_mode reexport
}

@test "a session that only failed to export so far is looked for before it is created" {
  event 29 | nx-db log-events
  upload 0 2025-03-04T01:00:00+00:00
  run nx-db pending -n
  assert_json .export_mode retry
}

result() { # result STATUS [JQ]: the handed-out line with that status
  nx-db pending | jq -c --arg status "$1" ".status=\$status | ${2:-.}"
}

EXPORTED='.exports=[{"destination_name":"cdcs","success":true,"record_id":"42","record_url":"https://cdcs.example.com/data?id=42","error_message":null,"timestamp":"2025-03-04T02:00:01.123456-05:00","metadata":{},"warnings":[]},{"destination_name":"elabftw","success":false,"record_id":null,"record_url":null,"error_message":"refused","timestamp":"2025-03-04T02:00:02-05:00","metadata":{"orphan_experiment_id":"8"},"warnings":[]}]'
@test "a result sets the status of all rows of the session and adds a row of upload_log for each export" {
  { event 29; event 30; } | nx-db log-events
  line=$(result COMPLETED "select(.session_identifier|endswith(\"29\")) | $EXPORTED")
  sql "UPDATE session_log SET timestamp = '2025-03-04T02:00:00-05:00' WHERE event_type = 'RECORD_GENERATION'"
  run nx-db log-results <<<"$line"
  assert_success
  assert_output "$line"
  [ "$(sql "SELECT event_type, record_status FROM session_log WHERE session_identifier LIKE '%29' ORDER BY event_type" | tr '\n' ' ')" = \
    "END|COMPLETED RECORD_GENERATION|COMPLETED START|COMPLETED " ]
  [ "$(sql "SELECT DISTINCT record_status FROM session_log WHERE session_identifier LIKE '%30' AND event_type <> 'RECORD_GENERATION'")" = TO_BE_BUILT ]
  [ "$(sql 'SELECT session_identifier, destination_name, CAST(success AS INTEGER), timestamp, record_id, record_url, error_message, metadata_json FROM upload_log')" = \
    "https://nemo.example.com/api/usage_events/?id=29|cdcs|1|2025-03-04T02:00:01.123456-05:00|42|https://cdcs.example.com/data?id=42||
https://nemo.example.com/api/usage_events/?id=29|elabftw|0|2025-03-04T02:00:02-05:00|||refused|{\"orphan_experiment_id\": \"8\"}" ]
}

@test "the same result twice leaves one row of upload_log a destination" {
  event 29 | nx-db log-events
  line=$(result COMPLETED "$EXPORTED")
  nx-db log-results <<<"$line
$line" >/dev/null
  [ "$(sql 'SELECT count(*) FROM upload_log')" = 2 ]
}

@test "a postponed session loses its RECORD_GENERATION row and nothing else" {
  event 29 | nx-db log-events
  before=$(rows)
  line=$(result TO_BE_BUILT '.postponed={stage:"nx-find-files",message:"share is gone"}')
  run nx-db log-results <<<"$line"
  assert_success
  assert_output "$line"
  [ "$(rows)" = "$before" ]
}

@test "a postponed session that an earlier run may have exported keeps the row that says so" {
  event 29 | nx-db log-events
  nx-db pending >/dev/null
  result TO_BE_BUILT '.postponed={stage:"nx-find-files",message:"share is gone"}' | nx-db log-results >/dev/null
  run nx-db pending -n
  assert_json .export_mode retry
}

# interrupted [DESTINATION SUCCESS]…: the next attempt, postponed after these exports
interrupted() {
  local exports=()
  while [ $# -gt 0 ]; do
    exports+=("{\"destination_name\":\"$1\",\"success\":$2,\"timestamp\":\"$(date -d "1 second" +%FT%T.%6N%:z)\"}")
    shift 2
  done
  result TO_BE_BUILT ".postponed={stage:\"nx-export\",message:\"interrupted\"} | .exports=[$(IFS=,; echo "${exports[*]}")]" | nx-db log-results >/dev/null
}

@test "an export that was interrupted is carried on, and what it has exported stays as it is" {
  event 29 | nx-db log-events
  interrupted labarchives true elabftw false
  run nx-db pending -n
  assert_success
  assert_json .export_mode retry
  assert_json '[.uploads[] | select(.success) | .destination_name] | join(" ")' labarchives
  interrupted
  run nx-db pending -n
  assert_json .export_mode retry
}

@test "a session that was built again without an export still replaces what was exported before" {
  event 29 | nx-db log-events
  upload 1 2025-03-04T01:00:00+00:00 cdcs
  sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('https://nemo.example.com/api/usage_events/?id=29', 'FEI-Titan-TEM-635816', '2025-03-04T00:59:00+00:00', 'RECORD_GENERATION', 'COMPLETED')"
  sql "UPDATE session_log SET record_status = 'BUILT_NOT_EXPORTED'"
  run nx-db pending -n --status BUILT_NOT_EXPORTED
  assert_json .export_mode retry
  sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('https://nemo.example.com/api/usage_events/?id=29', 'FEI-Titan-TEM-635816', '2025-03-05T01:00:00+00:00', 'RECORD_GENERATION', 'BUILT_NOT_EXPORTED')"
  run nx-db pending -n --status BUILT_NOT_EXPORTED
  assert_json .export_mode reexport
}

@test "a session that is built again after its export replaces it, however often that is interrupted" {
  event 29 | nx-db log-events
  upload 1 2025-03-04T01:00:00+00:00 cdcs
  upload 1 2025-03-04T01:00:00+00:00 labarchives
  nx-db pending >/dev/null
  interrupted
  interrupted cdcs true
  run nx-db pending -n
  assert_success
  assert_json .export_mode reexport
  interrupted cdcs true labarchives true elabftw false
  run nx-db pending -n
  assert_json .export_mode retry
}

# exported MINUTES-AGO JQ LINE: that line with these exports, of a host whose clock is so far behind
exported() {
  jq -c --arg at "$(date -d "$1 minutes ago" +%FT%T.%6N%:z)" ".status = \"BUILT_NOT_EXPORTED\" | .exports = ($2 | map(.timestamp = \$at))" <<<"$3"
}

@test "exports of a host whose clock is behind are of the build that they were handed out for, and keep their order" {
  event 29 | nx-db log-events
  line=$(exported 20 '[{destination_name:"labarchives",success:true,record_id:"7"},{destination_name:"cdcs",success:false,error_message:"refused"}]' "$(nx-db pending)")
  nx-db log-results <<<"$line
$line" >/dev/null
  line=$(nx-db pending --retry)
  assert_equal "$(jq -r .export_mode <<<"$line")" retry
  assert_equal "$(jq -r '[.uploads[] | "\(.destination_name) \(.success)"] | join(" ")' <<<"$line")" "labarchives true cdcs false"
  exported 15 '[{destination_name:"cdcs",success:false,error_message:"refused",metadata:{known_record_id:"8"}}]' "$line" | nx-db log-results >/dev/null
  line=$(nx-db pending --retry)
  assert_equal "$(jq -c '[.export_mode, .uploads[1].metadata]' <<<"$line")" '["retry",{"known_record_id":"8"}]'
  line=$(exported 10 '[{destination_name:"cdcs",success:true,record_id:"8"}]' "$line")
  nx-db log-results <<<"$line" >/dev/null
  run nx-db pending --retry
  assert_json '[.uploads[].success] | all' true
  assert_json .export_mode retry
  [ "$(sql 'SELECT count(*) FROM upload_log')" = 4 ]
  # The same line once more, when the session is being built again
  sql "UPDATE session_log SET record_status = 'TO_BE_BUILT' WHERE event_type <> 'RECORD_GENERATION'"
  nx-db pending >/dev/null
  line=$(jq -c '.exports[0].timestamp = $at' --arg at "$(sql 'SELECT max(timestamp) FROM upload_log')" <<<"$line")
  nx-db log-results <<<"$line" >/dev/null
  [ "$(sql 'SELECT count(*) FROM upload_log')" = 4 ]
}

@test "a session that is built again after the clock was set back replaces what was exported before" {
  event 29 | nx-db log-events
  upload 1 "$(date -d '2 hours' +%FT%T%:z)" cdcs
  upload 1 "$(date -d '1 hour' +%FT%T%:z)" labarchives
  interrupted
  interrupted
  run nx-db pending -n
  assert_json .export_mode reexport
  result BUILT_NOT_EXPORTED ".exports = [{destination_name:\"labarchives\",success:true,timestamp:\"$(date +%FT%T.%6N%:z)\"},
    {destination_name:\"cdcs\",success:false,timestamp:\"$(date +%FT%T.%6N%:z)\"}]" | nx-db log-results >/dev/null
  run nx-db pending -n --retry
  assert_json .export_mode retry
  assert_json '[.uploads[] | "\(.destination_name) \(.success)"] | join(" ")' "cdcs false labarchives true"
}

@test "a session of any status remembers that an attempt may have reached a destination" {
  event 29 | nx-db log-events
  result NO_FILES_FOUND | nx-db log-results >/dev/null
  run nx-db pending -n --status NO_FILES_FOUND
  assert_success
  assert_json .export_mode retry
  upload 1 2025-03-04T01:00:00+00:00
  run nx-db pending -n --status NO_FILES_FOUND
  assert_json .export_mode export
}

@test "a record without exports is stored as BUILT_NOT_EXPORTED, and a session without record counts as postponed" {
  { event 1; event 2; } | nx-db log-events
  nx-db pending | jq -c 'if (.session_identifier|endswith("=1")) then .record={path:"/r.xml",activities:1,datasets:1} else . end' | nx-db log-results >out
  [ "$(jq -r .status out | tr '\n' ' ')" = "BUILT_NOT_EXPORTED TO_BE_BUILT " ]
  [ "$(sql "SELECT session_identifier, event_type, record_status FROM session_log ORDER BY 1, 2" | sed 's/.*=//' | tr '\n' ' ')" = \
    "1|END|BUILT_NOT_EXPORTED 1|RECORD_GENERATION|BUILT_NOT_EXPORTED 1|START|BUILT_NOT_EXPORTED 2|END|TO_BE_BUILT 2|START|TO_BE_BUILT " ]
}

@test "a result line that cannot be right ends log-results with 2 and stores nothing of it" {
  event 29 | nx-db log-events
  before=$(rows)
  while IFS='|' read -r line reason; do
    run --separate-stderr nx-db log-results <<<"$line"
    [ "$status" -eq 2 ] || fail "$line: exit $status"
    [[ "$stderr" == *"line 1: "*"$reason"* ]] || fail "$line: $stderr"
    [ "$(rows)" = "$before" ]
  done <<'CASES'
{"kind":"session"}|'session_identifier' is missing
{"kind":"session","session_identifier":"","status":"ERROR"}|'session_identifier' is empty
{"kind":"session","session_identifier":"https://nemo.example.com/api/usage_events/?id=29\u0000evil","status":"ERROR"}|NUL
{"kind":"session","session_identifier":"x"}|'status' is missing
{"kind":"session","session_identifier":"x","status":"DONE"}|'DONE' is not a status
{"kind":"session","session_identifier":"x","status":"ERROR","exports":7}|'exports' is not an array
{"kind":"session","session_identifier":"x","status":"ERROR","exports":[{}]}|destination_name
{"kind":"instrument"}|unknown kind
CASES
}

@test "a session that cannot be stored is logged, the others are, and the stage ends with 1" {
  { event 1; event 2; } | nx-db log-events
  if on_postgresql; then
    sql "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION \$\$not this one\$\$; END';
      CREATE TRIGGER refuse BEFORE UPDATE ON session_log FOR EACH ROW WHEN (old.session_identifier LIKE '%=1') EXECUTE FUNCTION refuse()"
  else
    sql "CREATE TRIGGER refuse BEFORE UPDATE ON session_log WHEN old.session_identifier LIKE '%=1' BEGIN SELECT raise(ABORT, 'not this one'); END"
  fi
  run --separate-stderr nx-db log-results < <(nx-db pending | jq -c '.status="ERROR"')
  assert_failure 1
  [[ "$stderr" == *"ERROR: session https://nemo.example.com/api/usage_events/?id=1 could not be stored: not this one"* ]]
  [ "$(jq -r .session_identifier <<<"$output" | grep -o '.$')" = 2 ]
  [ "$(sql "SELECT DISTINCT record_status FROM session_log WHERE session_identifier LIKE '%=2'")" = ERROR ]
}

# bats test_tags=sqlite
@test "a build switches the database to WAL, reading and init do not" {
  [ "$(sql 'PRAGMA journal_mode')" = delete ]
  nx-db instruments >/dev/null
  nx-db pending -n >/dev/null
  nx-db instruments import </dev/null
  [ "$(sql 'PRAGMA journal_mode')" = delete ]
  event 29 | nx-db log-events
  [ "$(sql 'PRAGMA journal_mode')" = wal ]
}

# bats test_tags=sqlite
@test "a database in WAL mode is read in a folder that cannot be written to" {
  [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || skip "needs another user"
  event 29 | nx-db log-events
  frozen=$(mktemp -d)
  cp "$NX_DB_PATH" "$frozen/db.sqlite"
  chmod 555 "$frozen" && chmod 444 "$frozen/db.sqlite"
  as=()
  [ "$(id -u)" -ne 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  if "${as[@]}" test -r "$NX_BUILD/bin/nx-db" -a -r "$frozen/db.sqlite"; then
    NX_DB_PATH=$frozen/db.sqlite run "${as[@]}" nx-db pending -n
    before=$status
  fi
  chmod 755 "$frozen" && rm -r "$frozen"
  [ -n "${before:-}" ] || skip "another user cannot reach the build"
  [ "$before" -eq 0 ] || fail "$output"
  assert_json .status TO_BE_BUILT
}

# a_lab: the database in a folder of a group, and two of its members: "${owner[@]}", whose database it is, and "${colleague[@]}", who may only read it
a_lab() {
  [ "$(id -u)" -eq 0 ] || skip "needs two more users"
  as_bound_user "$NX_BUILD/bin/nx-db"
  owner=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  colleague=(setpriv --reuid=65533 --regid=65533 --groups=65534)
  mkdir lab
  cp "$NX_DB_PATH" lab/nx.db
  chown -R 65534:65534 lab
  chmod 2775 lab
  chmod 644 lab/nx.db
  export NX_DB_PATH=$PWD/lab/nx.db
  event 29 | "${owner[@]}" nx-db log-events
  [ "$(ls lab)" = nx.db ]
}

# bats test_tags=sqlite
@test "a colleague who reads the database leaves nothing that keeps its owner from writing" {
  a_lab
  for reading in instruments "pending -n" check "log-events -n"; do
    run "${colleague[@]}" nx-db $reading < <(event 31)
    assert_success
    assert_equal "$(ls lab)" nx.db
  done
  run --separate-stderr "${owner[@]}" nx-db log-events < <(event 30)
  assert_success
  [[ "$stderr" == *"1 added, 0 known"* ]] || fail "$stderr"
}

# bats test_tags=sqlite
@test "a database that is read without its lock and changes meanwhile is said to be at work, and nothing wrong is read" {
  a_lab
  for id in $(seq 40); do event $id | jq -c --arg user "$(head -c 100000 /dev/zero | tr '\0' u)" '.user=$user'; done | "${owner[@]}" nx-db log-events
  mkfifo slow
  "${colleague[@]}" nx-db pending -n >slow 2>said 3>&- &
  RUNNING=$!
  exec 8<slow
  head -c 1 <&8 >first
  event 50 | "${owner[@]}" nx-db log-events
  cat <&8 >rest
  exec 8<&-
  ended=0
  wait $RUNNING || ended=$?
  assert_equal "$ended" 1
  assert_equal "$(cat said)" "Error: database $NX_DB_PATH: database is locked; another program is at work on it; try again when that has ended"
}

# bats test_tags=sqlite
@test "a file beside the database that its owner cannot write is named, with whose it is" {
  a_lab
  "${colleague[@]}" sqlite3 -readonly "$NX_DB_PATH" 'SELECT count(*) FROM session_log' >/dev/null
  [ -e lab/nx.db-shm ]
  run --separate-stderr "${owner[@]}" nx-db log-events < <(event 30)
  assert_failure 1
  [[ "$stderr" == *"$NX_DB_PATH-wal and $NX_DB_PATH-shm belong to user 65533: have them, or root, give the user of this program permission to write"* ]] || fail "$stderr"
  [[ "$stderr" == *" could not be stored and is tried once more: "* ]] || fail "$stderr"
}

@test "a stage without database says how to get one" {
  NX_DB_PATH= run nx-db instruments
  assert_failure 1
  assert_output --partial "Error: NX_DB_PATH environment variable is not set."
  NX_DB_PATH=nowhere.sqlite run nx-db pending
  assert_failure 1
  assert_output --partial "Run 'nexuslims db init' to create the database."
  [ ! -e nowhere.sqlite ]
}

@test "a stage on an older schema asks for the upgrade" {
  nx-db downgrade v2_5_0a >/dev/null
  run nx-db instruments
  assert_failure 1
  assert_output --partial "nexuslims db upgrade"
}

# bats test_tags=sqlite
@test "a database that another writer holds is waited for, then reported with its path" {
  event 29 | nx-db log-events
  python3 -c 'import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("BEGIN EXCLUSIVE"); print("held", flush=True); sys.stdin.read()' "$NX_DB_PATH" \
    < <(sleep 60 & echo $! >holder; wait) >held &
  while ! grep -q held held 2>/dev/null; do sleep 0.05; done
  NX_TEST_TIME_SCALE=0.001 run nx-db pending
  kill "$(cat holder)"
  wait
  assert_failure 1
  assert_output "Error: database $NX_DB_PATH: database is locked; another program is at work on it; try again when that has ended"
}

@test "a pipeline that is killed after any line leaves sessions that the next run completes, each once" {
  for i in 1 2 3; do event $i; done | nx-db log-events
  nx-db pending >all
  head -n 1 all | jq -c '.status="COMPLETED"' | nx-db log-results >/dev/null
  nx-db pending | jq -c '.status="COMPLETED"' | nx-db log-results >/dev/null
  [ "$(sql "SELECT event_type, record_status, count(*) FROM session_log GROUP BY 1, 2 ORDER BY 1, 2" | tr '\n' ' ')" = "END|COMPLETED|3 RECORD_GENERATION|COMPLETED|3 START|COMPLETED|3 " ]
}

@test "every line that nx-db writes is one of share/schema/lines.json" {
  { event 1; event 2; event 29; } | nx-db log-events
  upload 0 2025-03-04T01:00:00+00:00
  sql "UPDATE session_log SET record_status = 'BUILT_NOT_EXPORTED' WHERE session_identifier LIKE '%=2'; UPDATE session_log SET \"user\" = NULL WHERE session_identifier LIKE '%=1'"
  nx-db instruments >all
  nx-db pending -n --retry --events < <(event 31) >>all
  nx-db pending --retry | jq -c '.status="ERROR" | .error={stage:"x",message:"y"}' | nx-db log-results >>all
  orphans_allowed
  sql "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status) VALUES
    ('orphan', 'gone', '2025-03-03T11:05:12-05:00', 'START', 'TO_BE_BUILT'), ('orphan', 'gone', '2025-03-03T12:05:12-05:00', 'END', 'TO_BE_BUILT')"
  nx-db pending -n --session orphan >>all
  [ "$(wc -l <all)" = 9 ]
  "$NX_SOURCE/tests/check-lines" <all
}
