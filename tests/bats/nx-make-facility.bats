#!/usr/bin/env bats
# nx-make-facility: the demo facility of share/demo is made whole, the same every time, and an independent reader understands its files.
bats_require_minimum_version 1.5.0
load lib

NOW=2026-03-10T12:00:00-04:00

setup() {
  PATH="$NX_BUILD/tests/generate:$PATH"
  cd "$BATS_TEST_TMPDIR"
  # Small pictures: what is proven here does not depend on their size.
  jq '(.. | objects | select(has("subject")) | .options) += {width: 64, height: 48, channels: 64, frames: 3, map_width: 6, map_height: 4, count: 12}' \
    "$NX_SOURCE/share/demo/facility.json" >small.json
}

@test "every file of the plan is made, well formed, and inside a booking of its instrument" {
  nx-make-facility --now $NOW small.json root
  run --separate-stderr "$NX_SOURCE/tests/generate/check_facility.py" root
  assert_success
  [ "${#lines[@]}" -ge 40 ]
  [ "$(jq -r .instrument <<<"$output" | sort -u | wc -l)" = 5 ]
  [ "$(jq -c 'select(.name == "slice_01.tif") | [.sizes, .bits]' <<<"$output")" = '[[64,52],16]' ]
  [ "$(jq -c 'select(.name == "in_situ_650C.dm4") | [.sizes, .units]' <<<"$output")" = '[[64,48,3],["nm","nm","s"]]' ]
  [ "$(jq -c 'select(.name == "05_interface_map.dm4") | [.sizes, .units]' <<<"$output")" = '[[6,4,64],["nm","nm","eV"]]' ]
}

@test "the same plan and instant give the same bytes" {
  for root in one two; do
    mkdir $root
    (cd $root && nx-make-facility --now $NOW ../small.json . >/dev/null && find instrument_data -type f -exec sha256sum {} + | sort >../$root.sums)
  done
  cmp one.sums two.sums
}

@test "sessions are those of the last days, whenever the facility is made" {
  nx-make-facility small.json root
  latest=$(grep -h '^DTEND' root/calendars/*.ics | tr -d '\r' | cut -d: -f2 | sort | tail -n 1)
  earliest=$(grep -h '^DTSTART' root/calendars/*.ics | tr -d '\r' | cut -d: -f2 | sort | head -n 1)
  [ "$latest" \< "$(date -u +%Y%m%dT%H%M%SZ)" ]
  [ "$earliest" \> "$(date -u -d '-7 days' +%Y%m%dT%H%M%SZ)" ]
}

@test "instrument lines and calendars carry what harvesting needs" {
  nx-make-facility --now $NOW small.json root
  [ "$(jq -s length root/instruments.jsonl)" = 5 ]
  [ "$(jq -r .harvester root/instruments.jsonl | sort -u)" = ical ]
  for pid in $(jq -r .instrument_pid root/instruments.jsonl); do
    [ "$(jq -r --arg pid "$pid" 'select(.instrument_pid == $pid) | .calendar_url' root/instruments.jsonl)" = "file://$PWD/root/calendars/$pid.ics" ]
    [ -s "root/calendars/$pid.ics" ]
  done
  grep -q '^X-NX-CONSENT:Disagree' root/calendars/FEI-Quanta-ESEM.ics
  [ "$(grep -c '^X-NX-SAMPLE' root/calendars/FEI-Titan-TEM.ics)" = 2 ]
}

@test "an unknown subject is named and nothing pretends to be done" {
  jq '.instruments[0].sessions[0].files[0].subject = "unicorns"' small.json >bad.json
  run nx-make-facility bad.json root
  assert_failure 1
  assert_output --partial "there is no subject 'unicorns'"
}
