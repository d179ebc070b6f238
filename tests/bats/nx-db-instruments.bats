#!/usr/bin/env bats
# nx-db instruments: out, listed and in (LINES, cli §7).
bats_require_minimum_version 1.5.0
load lib
load engines
load nx-db-stages

@test "an instrument that was imported comes out as the same line" {
  run nx-db instruments
  assert_success
  assert_output "$(instrument)"
}

@test "export, import into an empty database and export again give the same bytes" {
  nx-db instruments export -o first.jsonl
  no_database
  nx-db init >/dev/null
  nx-db instruments import first.jsonl
  nx-db instruments >second.jsonl
  cmp first.jsonl second.jsonl
}

@test "import adds, updates and leaves equal rows alone, and counts them" {
  run --separate-stderr nx-db instruments import <<<"$(instrument)
$(instrument | jq -c '.instrument_pid="B"|.api_url="u"')
$(jq -nc '{instrument_pid:"FEI-Titan-TEM-635816",location:"elsewhere"}')"
  assert_success
  [ "$stderr" = "1 added, 1 updated, 1 unchanged" ]
  [ "$(sql "SELECT location FROM instruments WHERE instrument_pid <> 'B'")" = elsewhere ]
}

@test "import -n says what would change and changes nothing" {
  run --separate-stderr nx-db instruments import -n <<<"$(instrument | jq -c '.instrument_pid="B"|.api_url="u"')
$(jq -nc '{instrument_pid:"FEI-Titan-TEM-635816",location:"elsewhere",timezone:"UTC"}')"
  assert_success
  assert_output "add B
update FEI-Titan-TEM-635816: location, timezone"
  [ "$(sql "SELECT count(*) FROM instruments WHERE location = 'elsewhere' OR instrument_pid = 'B'")" = 0 ]
}

@test "import -n shows escaped what a terminal would obey" {
  evil=$(instrument | jq -c '.instrument_pid="B\u001b[31m"|.api_url="u"')
  run --separate-stderr nx-db instruments import -n <<<"$evil"
  assert_output 'add B\x1b[31m'
  nx-db instruments import <<<"$evil"
  run --separate-stderr nx-db instruments import -n < <(jq -c '.location="elsewhere"' <<<"$evil")
  assert_output 'update B\x1b[31m: location'
}

@test "a bad value in the second line of an import leaves the first one out too" {
  while IFS='|' read -r change reason; do
    run --separate-stderr nx-db instruments import <<<"$(instrument | jq -c '.instrument_pid="A"|.api_url="a"')
$(instrument | jq -c '.instrument_pid="B"|.api_url="b"' | jq -c "$change")"
    [ "$status" -eq 1 ] || fail "$change: exit $status"
    [[ "$stderr" == *"line 2: $reason"* ]] || fail "$change: $stderr"
    [ "$(sql 'SELECT count(*) FROM instruments')" = 1 ]
  done <<'CASES'
.colour="red"|'colour' is not a column of an instrument
del(.location)|'location' is missing
.location=""|'location' is empty
.location=null|'location' is null
.location=3|'location' is not a string
.timezone="Mars/Olympus"|'timezone' is not the name of a time zone
.harvester="sharepoint"|'harvester' names no harvester
.api_url="a"|'api_url' belongs to another instrument
del(.instrument_pid)|'instrument_pid' is missing
.instrument_pid=""|'instrument_pid' is empty
.filestore_path="../raw"|'filestore_path' leads out of NX_INSTRUMENT_DATA_PATH
.filestore_path="a/.."|'filestore_path' leads out of NX_INSTRUMENT_DATA_PATH
.location="a\u0000b"|'location' holds a NUL character
CASES
}

@test "a harvester that is null means nemo, also where the table has no place for null" {
  run --separate-stderr nx-db instruments import < <(instrument | jq -c '.instrument_pid="B"|.api_url="b"|.harvester=null')
  assert_success
  assert_equal "$stderr" "1 added, 0 updated, 0 unchanged"
  [ "$(sql "SELECT harvester FROM instruments WHERE instrument_pid = 'B'")" = nemo ]
  run --separate-stderr nx-db instruments import < <(instrument | jq -c '.instrument_pid="B"|.api_url="b"|.harvester=null')
  assert_success
  assert_equal "$stderr" "0 added, 0 updated, 1 unchanged"
  sql "UPDATE instruments SET harvester = 'ical' WHERE instrument_pid = 'B'"
  run nx-db instruments import -n <<<'{"instrument_pid":"B","harvester":null}'
  assert_success
  assert_line "update B: harvester"
}

@test "what stands in the database is not judged by an import that leaves it as it is" {
  sql "INSERT INTO instruments VALUES ('SP', 'https://sharepoint.example.com', '', '', 'Old SEM', '', '../SEM', 'sharepoint_calendar', 'Mars/Olympus'),
    ('', 'e', 'e', 'e', 'e', 'e', 'e', 'nemo', 'UTC')"
  before=$(sql 'SELECT * FROM instruments')
  nx-db instruments export -o all.jsonl
  run --separate-stderr nx-db instruments import all.jsonl
  assert_success
  assert_equal "$stderr" "0 added, 0 updated, 3 unchanged"
  assert_equal "$(sql 'SELECT * FROM instruments')" "$before"
  run --separate-stderr nx-db instruments import <<<'{"instrument_pid":"SP","location":"attic","harvester":"sharepoint_calendar"}'
  assert_success
  assert_equal "$stderr" "0 added, 1 updated, 0 unchanged"
  run nx-db instruments import <<<'{"instrument_pid":"SP","harvester":"sharepoint"}'
  assert_failure 1
  assert_output --partial "line 1: 'harvester' names no harvester"
  for unknown in '"colour":null' '"api_url":null'; do
    run nx-db instruments import <<<"{\"instrument_pid\":\"SP\",$unknown}"
    assert_failure 1
  done
}

@test "a harvester that a program is there for is taken, and none whose name no harvest would accept" {
  local name
  mkdir programs
  for name in lab-2.x_Y 'my lab' 'läb' 'a;b'; do
    printf '#!/bin/sh\n' >"programs/nx-harvest-$name"
    chmod +x "programs/nx-harvest-$name"
  done
  PATH=$PWD/programs:$PATH
  for name in 'my lab' 'läb' 'a;b'; do
    run nx-db instruments import < <(instrument | jq -c --arg name "$name" '.harvester=$name')
    assert_failure 1
    assert_output --partial "line 1: 'harvester' names no harvester: use nemo or ical, or a program nx-harvest-NAME"
    assert_output --partial "only A-Z a-z 0-9 . _ -"
  done
  run nx-db instruments import < <(instrument | jq -c '.harvester="lab-2.x_Y"')
  assert_success
}

@test "a harvester is not a copy that somebody keeps of its program" {
  mkdir programs
  printf '#!/bin/sh\n' >programs/nx-harvest-lab.bak
  chmod +x programs/nx-harvest-lab.bak
  PATH=$PWD/programs:$PATH run nx-db instruments import < <(instrument | jq -c '.harvester="lab.bak"')
  assert_failure 1
  assert_output --partial "line 1: 'harvester' names no harvester: use nemo or ical, or a program nx-harvest-NAME whose name is not that of a copy"
}

@test "an iCalendar instrument without api_url gets one of its own" {
  instrument | jq -c '.instrument_pid="C"|.harvester="ical"|del(.api_url)' | nx-db instruments import
  [ "$(sql "SELECT api_url FROM instruments WHERE instrument_pid = 'C'")" = "https://nemo.example.com/calendar/#C" ]
}

@test "an iCalendar instrument has an address that a calendar can have, whatever stands in the row of another" {
  local url
  for url in ftp://x/lab.ics lab.ics TBD https: https:// webcal:lab file:lab.ics file://server/share/lab.ics; do
    run nx-db instruments import < <(instrument | jq -c --arg url "$url" '.instrument_pid="C"|.harvester="ical"|.calendar_url=$url|del(.api_url)')
    assert_failure 1
    assert_output --partial "line 1: 'calendar_url' must be http(s)://HOST/..., webcal(s)://HOST/... or file:///..."
  done
  for url in Webcal://x/lab.ics HTTPS://x/lab.ics webcals://x/lab.ics file:///lab.ics file://localhost/lab.ics; do
    instrument | jq -c --arg url "$url" '.instrument_pid="C"|.harvester="ical"|.calendar_url=$url|.api_url="a"' | nx-db instruments import
  done
  instrument | jq -c '.instrument_pid="N"|.api_url="n"|.calendar_url="TBD"' | nx-db instruments import
  run nx-db instruments import <<<'{"instrument_pid":"N","harvester":"ical"}'
  assert_failure 1
  assert_output --partial "'calendar_url' must be http(s)://"
  sql "UPDATE instruments SET calendar_url = 'TBD' WHERE instrument_pid = 'C'"
  nx-db instruments import <<<'{"instrument_pid":"C","location":"attic"}'
}

@test "a list of instruments shows no password of a calendar, an export has it" {
  instrument | jq -c '.instrument_pid="C"|.harvester="ical"|.calendar_url="https://u:hu@h/c"|del(.api_url)' | nx-db instruments import
  for format in table json; do
    COLUMNS=200 run nx-db instruments list --format $format
    assert_success
    refute_output --partial u:hu
    assert_output --partial 'u:***@h/c#C'
  done
  run nx-db instruments export
  assert_output --partial u:hu@
}

@test "a file of exported instruments, which may hold the password of a calendar, is for its owner alone" {
  umask 022
  : >lines
  nx-db instruments export -o lines
  [ "$(stat -c %a lines)" = 600 ]
  nx-db instruments export | diff - lines
}

@test "an import that waits for its lines keeps nobody from writing, with -n or without" {
  for n in "" -n; do
    waiting_for_input instruments import $n
    instrument | jq -c '.instrument_pid="B"|.api_url="b"' >&8
    sleep 0.3
    run nx-db log-events < <(event "with$n")
    exec 8>&-
    status_of_import=0
    wait $WAITING || status_of_import=$?
    rm lines
    assert_success
    [ "$status_of_import" = 0 ] || fail "$(cat out)"
  done
  [ "$(sql "SELECT count(*) FROM instruments WHERE instrument_pid = 'B'")" = 1 ]
}
