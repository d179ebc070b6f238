#!/usr/bin/env bats
# What the stages of a build really write to one another is what share/schema/lines.json says.
bats_require_minimum_version 1.5.0
load lib

setup() {
  cd "$BATS_TEST_TMPDIR"
  export NX_DB_PATH=$PWD/nexuslims.sqlite NX_INSTRUMENT_DATA_PATH=$PWD/instruments NX_DATA_PATH=$PWD/data NX_SITE_PATH=$PWD/site
  mkdir -p instruments/TEM data site
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//x//y BEGIN:VEVENT UID:a-1 DTSTART:20250303T100000Z DTEND:20250303T120000Z \
    'SUMMARY:Grain size' 'ORGANIZER;CN=Ned Land:mailto:ned@example.org' 'X-NX-SAMPLE;X-PID=p;X-ELEMENTS="Fe,O":Steel' END:VEVENT \
    BEGIN:VEVENT UID:b-2 DTSTART:20250304T100000Z DTEND:20250304T120000Z 'X-NX-CONSENT:No' END:VEVENT \
    BEGIN:VEVENT UID:c-3 DTSTART:20250305T100000Z DTEND:20250305T120000Z END:VEVENT END:VCALENDAR >lab.ics
  jq -nc --arg url "file://$PWD/lab.ics" '{kind: "instrument", instrument_pid: "TEM-1", api_url: ($url + "#TEM-1"), calendar_url: $url, location: "B",
    display_name: "TEM", property_tag: "1", filestore_path: "TEM", harvester: "ical", timezone: "UTC"}' >instrument
  echo text >instruments/TEM/note.dm3
  touch -d 2025-03-03T11:00:00Z instruments/TEM/note.dm3
  nx-db init >/dev/null
  nx-db instruments import <instrument 2>/dev/null
}

# stage NAME COMMAND…: runs it as the next stage and checks each of its lines
stage() {
  local name=$1
  shift
  "$@" <before >"$name" 2>"$name.log" || fail "$name: $(cat "$name.log")"
  [ -s "$name" ] || fail "$name wrote nothing"
  run "$NX_SOURCE/tests/check-lines" <"$name"
  [ "$status" -eq 0 ] || fail "$name: $output"
  cp "$name" before
}

@test "every line of every stage of a build is one of share/schema/lines.json" {
  : >before
  stage known nx-db instruments
  stage events nx-harvest events --from none
  [ "$(wc -l <events)" = 3 ]
  nx-db log-events <events 2>/dev/null
  stage pending nx-db pending
  stage reservations nx-harvest reservations
  stage files nx-find-files
  stage record nx-build-xml
  stage export nx-export
  stage results nx-db log-results
  # Every way a session ends that the calendar was written for, so that the lines of all of them were looked at.
  [ "$(jq -r .status results | sort | tr '\n' ' ')" = "COMPLETED NO_CONSENT NO_FILES_FOUND " ]
  jq -se 'map(select(.status == "COMPLETED"))[0] | .reservation and .files and .activities and .record and .exports and .sample_ids' results
}

@test "every line of nx-extract, also of files that cannot be read or are gone, is one of share/schema/lines.json" {
  for name in note.dm3 gone.tif; do
    jq -nc --arg path "$PWD/instruments/TEM/$name" '{kind: "file", path: $path, instrument: {instrument_pid: "TEM-1", timezone: "UTC"}}'
  done >before
  stage extracted nx-extract
  [ "$(jq -c '.datasets | length' extracted | tr '\n' ' ')" = "1 0 " ]
}

@test "a line that lacks what its kind must have is found out" {
  run "$NX_SOURCE/tests/check-lines" <<<'{"kind":"usage_event","session_identifier":"x"}'
  assert_failure 1
}
