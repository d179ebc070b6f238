#!/usr/bin/env bats
# nx-harvest against everything that was captured from running NEMO servers (corpus/nemo, harvest-nemo §13).
load nx-harvest

setup() {
  need_corpus nemo
  EXPECTED=$CORPUS/nemo/expected.json
}

# of_case N FILTER…: jq on case N of expected.json, with @ROOT@ as the running server's address
of_case() {
  local number=$1
  shift
  jq --arg root "$ROOT" --argjson n "$number" '(.. | strings) |= gsub("@ROOT@"; $root) | .instruments as $instruments | .cases[$n] | '"$1" "${@:2}" "$EXPECTED"
}

# Servers and settings of case N, its instrument lines in $BATS_TEST_TMPDIR/instruments
open_case() {
  stop_servers
  unset NX_NEMO_STRPTIME_FMT_1 NX_NEMO_STRFTIME_FMT_1 NX_NEMO_TZ_1
  start_replay "$(jq -r ".cases[$1].server" "$EXPECTED")"
  local name value
  while IFS=$'\t' read -r name value; do
    export "NX_NEMO_${name}_1=$value"
  done < <(jq -r ".cases[$1].config | {STRPTIME_FMT: .strptime_fmt, STRFTIME_FMT: .strftime_fmt, TZ: .tz} | to_entries[] |
    select(.value) | [.key, .value] | @tsv" "$EXPECTED")
  of_case "$1" '$instruments[] | {kind: "instrument"} + . + {calendar_url: "", location: "", property_tag: "", filestore_path: ""}' -c \
    >"$BATS_TEST_TMPDIR/instruments"
}

cases() {
  seq 0 $(($(jq '.cases | length' "$EXPECTED") - 1))
}

# Session lines of the sessions of case N that expected.json describes
sessions_of_case() {
  of_case "$1" '.events[] | select(.rows != [] and .outcome) | .rows as $rows | {kind: "session",
    session_identifier: .session_identifier, instrument: ($instruments[] | select(.instrument_pid == $rows[0].instrument)),
    start: $rows[0].timestamp, end: $rows[1].timestamp, user: $rows[0].user, status: "TO_BE_BUILT"}' -c
}

@test "every captured usage event becomes the expected rows, on every server and with every configuration" {
  for number in $(cases); do
    open_case "$number"
    run_harvest events --from none <"$BATS_TEST_TMPDIR/instruments"
    assert_success
    diff <(of_case "$number" '.events[].rows[] | [.session_identifier, .instrument, .timestamp, .event_type, .record_status, .user]' -c) \
      <(jq -c '(["start", "START"], ["end", "END"]) as [$key, $type] |
        [.session_identifier, .instrument_pid, .[$key], $type, "TO_BE_BUILT", .user]' <<<"$output") || fail "case $number"
  done
}

@test "every captured session is built, refused or without reservation as expected, from the expected source" {
  local described=0
  for number in $(cases); do
    open_case "$number"
    sessions_of_case "$number" >"$BATS_TEST_TMPDIR/sessions"
    [ -s "$BATS_TEST_TMPDIR/sessions" ] || continue
    described=$((described + 1))
    run_harvest reservations <"$BATS_TEST_TMPDIR/sessions"
    assert_success
    diff <(of_case "$number" '.events[] | select(.rows != [] and .outcome) |
        [.session_identifier, .outcome, .source, .internal_id, .created_by, .last_updated]' -c) \
      <(jq -c '[.session_identifier, (if .status == "TO_BE_BUILT" and .reservation then "BUILD" else .status end), .reservation.source,
        .reservation.internal_id, .reservation.created_by, .reservation.last_updated]' <<<"$output") || fail "case $number"
  done
  [ $described -gt 0 ]
}

@test "a server is asked for exactly the expected reservations, and for none when the answers were given at the instrument" {
  for number in $(cases); do
    open_case "$number"
    sessions_of_case "$number" >"$BATS_TEST_TMPDIR/sessions"
    while IFS= read -r line; do
      : >"$LOG"
      run_harvest reservations <<<"$line"
      local identifier expected
      identifier=$(jq -r .session_identifier <<<"$line")
      expected=$(of_case "$number" '.events[] | select(.session_identifier == $id) | .reservation_query // empty' -r --arg id "$identifier")
      [ "$(jq -r '.path | select(test("/reservations/")) | split("?")[1]' "$LOG")" = "$expected" ] || fail "$identifier asked: $(cat "$LOG")"
    done <"$BATS_TEST_TMPDIR/sessions"
  done
}

@test "what --from and --to let through is what the server was captured to give for these dates" {
  start_replay newyork_iso
  of_case 0 '$instruments[] | {kind: "instrument"} + .' -c >"$BATS_TEST_TMPDIR/instruments"
  local checked=0
  while IFS=$'\t' read -r from to body query; do
    : >"$LOG"
    run_harvest events --from "$from" --to "$to" <"$BATS_TEST_TMPDIR/instruments"
    assert_success
    diff <(jq -r '.[] | select(.end) | .id' "$CORPUS/nemo/$body") <(jq -r '.session_identifier | split("=")[1]' <<<"$output") || fail "$body"
    [ "$(jq -r '.path | select(test("/usage_events/")) | split("?")[1]' "$LOG")" = "$query" ] || fail "$query, but asked: $(cat "$LOG")"
    checked=$((checked + 1))
  done < <(jq -r '.entries[] | select(.server == "newyork_iso" and .status == 200 and (.path | test("usage_events/.*(start__gte|end__lte)"))) |
    (.path | split("?")[1]) as $query | ($query | split("&") | map(split("=") | {(.[0]): (.[1] | gsub("%3A"; ":") | gsub("%2B"; "+"))}) | add) as $parameters |
    [$parameters.start__gte // "none", $parameters.end__lte // "none", .body, $query] | @tsv' "$CORPUS/nemo/manifest.json")
  [ $checked -ge 4 ]
}

@test "days on the command line are days of the system's zone, with the offset of that day" {
  start_replay newyork_iso
  TZ=America/New_York run_harvest events --from 2025-01-01 --to 2025-07-31 < <(instrument)
  assert_success
  run jq -r '.path | select(test("usage_events"))' "$LOG"
  assert_output "/api/usage_events/?start__gte=2025-01-01T00%3A00%3A00-05%3A00&end__lte=2025-07-31T23%3A59%3A59-04%3A00&tool_id__in=3"
}

@test "without --from only the last week is asked for" {
  start_replay newyork_iso
  local from
  run_harvest events < <(instrument)
  assert_success
  from=$(jq -r '.path | select(test("usage_events")) | capture("start__gte=(?<d>[^&]*)").d | gsub("%3A"; ":") | gsub("%2B"; "+")' "$LOG")
  [[ $from =~ ^[0-9-]{10}T[0-9:]{8}(\.[0-9]{6})?\+00:00$ ]] || fail "$from"
  local age=$(($(date +%s) - $(date -d "$from" +%s)))
  [ $age -ge 604800 ] && [ $age -lt 605400 ] || fail "the bound is $age s old"
}

@test "a rejected token is said so in words, on either kind of server, and the run goes on" {
  for server in newyork_iso session_auth_first; do
    start_replay "$server"
    export NX_NEMO_TOKEN_1=ffffffffffffffffffffffffffffffffffffffff
    run_harvest events --from none < <(instrument)
    assert_success
    assert_output ""
    assert_stderr "ERROR: harvest of ${ROOT}api/ failed: NEMO 1:"
    assert_stderr "Invalid token."
    assert_stderr "check NX_NEMO_TOKEN_1"
    refute_stderr ffffffff
    stop_servers
  done
}

@test "a server that throttles postpones sessions, and events whose user it did not give wait for the next run" {
  start_replay throttled
  run_harvest reservations < <(session "{\"session_identifier\": \"${ROOT}api/usage_events/?id=29\", \"start\": \"2025-03-03T11:05:12.123456-05:00\",
    \"end\": \"2025-03-03T15:59:30-05:00\"}" "{\"api_url\": \"${ROOT}api/tools/?id=10\"}")
  assert_success
  assert_json .status TO_BE_BUILT
  assert_json .postponed.stage nx-harvest
  assert_json .error null
  stop_servers
  start_replay throttled
  run_harvest events --from none < <(instrument)
  assert_success
  [ "$(wc -l <<<"$output")" -lt 4 ]
  assert_stderr "left for the next run"
}

@test "a tool that NEMO has deleted costs its own instrument, not the harvest" {
  start_replay newyork_iso
  run_harvest events --from none < <(instrument; instrument "{\"instrument_pid\": \"GONE\", \"api_url\": \"${ROOT}api/tools/?id=99999\"}")
  assert_success
  assert_stderr "does not know the tool 99999"
  [ "$(wc -l <<<"$output")" -eq 3 ] || fail "$output"
  run jq -r 'select(.path | test("usage_events")) | .path' "$LOG"
  assert_line --index 0 "/api/usage_events/?tool_id__in=3%2C99999"
  assert_line --index 1 "/api/usage_events/?tool_id__in=3"
}

@test "a dead server is an ERROR in the log, and the other server is harvested" {
  start_replay newyork_iso
  export NX_NEMO_ADDRESS_2=$NX_NEMO_ADDRESS_1 NX_NEMO_TOKEN_2=$TOKEN NX_NEMO_ADDRESS_1=http://127.0.0.1:1/api/ NX_NEMO_TOKEN_1=one-token
  run_harvest events --from none < <(instrument '{"api_url": "http://127.0.0.1:1/api/tools/?id=3"}'; instrument)
  assert_success
  assert_stderr "ERROR: harvest of http://127.0.0.1:1/api/ failed"
  [ "$(wc -l <<<"$output")" -eq 3 ] || fail "$output"
}

@test "each user is asked for once, however many events are theirs" {
  start_replay newyork_iso
  of_case 0 '$instruments[] | {kind: "instrument"} + .' -c >"$BATS_TEST_TMPDIR/instruments"
  run_harvest events --from none <"$BATS_TEST_TMPDIR/instruments"
  assert_success
  [ -z "$(jq -r '.path | select(test("/users/"))' "$LOG" | sort | uniq -d)" ]
}
