#!/usr/bin/env bats
# nx-harvest as a filter: its lines, its command line, plug-ins.
load nx-harvest

setup() {
  ROOT=http://127.0.0.1:1/
}

# plugin NAME: makes a plug-in of standard input and puts it on PATH
plugin() {
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  cat >"$BATS_TEST_TMPDIR/bin/nx-harvest-$1"
  chmod +x "$BATS_TEST_TMPDIR/bin/nx-harvest-$1"
  export PATH="$BATS_TEST_TMPDIR/bin:$PATH"
}

# refuses WORD REASON < input: exit 2, the line's number and the reason, nothing on standard output
refuses() {
  run_harvest "$1"
  assert_failure 2
  assert_output ""
  assert_stderr "$2"
}

@test "a line that is not JSON is refused with its number, by both commands" {
  refuses events "line 2: " < <(instrument; echo '{"kind": "instrument"')
  refuses reservations "line 1: " <<<'kind=session'
}

@test "a line of an unknown kind is refused, by both commands" {
  refuses events "line 1: unknown kind 'session'" < <(session)
  refuses reservations "line 1: unknown kind 'instrument'" < <(instrument)
  refuses events "line 1: " <<<'{"instrument_pid": "x"}'
  refuses reservations "line 1: not a JSON object" <<<'[1, 2]'
}

@test "a key that is missing is named, by both commands" {
  for key in instrument_pid api_url; do
    refuses events "line 1: key '$key' is missing" < <(instrument | jq -c "del(.$key)")
    refuses reservations "line 1: key 'instrument.$key' is missing" < <(session | jq -c "del(.instrument.$key)")
  done
  refuses events "line 1: key 'calendar_url' is missing" < <(instrument '{"harvester": "ical"}' | jq -c 'del(.calendar_url)')
  for key in status session_identifier start end; do
    refuses reservations "line 1: key '$key' is missing" < <(session | jq -c "del(.$key)")
    refuses reservations "line 1: key '$key' is not a string" < <(session "{\"$key\": 7}")
  done
}

@test "a line of 50 MB is refused, by both commands" {
  head -c 50000000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
  refuses events "line 1: longer than" <"$BATS_TEST_TMPDIR/long"
  refuses reservations "line 1: longer than" <"$BATS_TEST_TMPDIR/long"
}

@test "invalid UTF-8 is refused, by both commands" {
  refuses events "line 1: " < <(instrument '{"location": "XX"}' | sed 's/XX/\xff\xfe/')
  refuses reservations "line 1: " < <(session '{"user": "XX"}' | sed 's/XX/\xff\xfe/')
}

@test "no input is no work, by both commands" {
  run_harvest events </dev/null
  assert_success
  assert_output ""
  run_harvest reservations </dev/null
  assert_success
  assert_output ""
}

@test "a date that is none is a usage error" {
  for option in --from --to; do
    run_harvest events $option yesterday </dev/null
    assert_failure 2
    assert_stderr "Error: Invalid value: Invalid date format: 'yesterday'"
  done
}

@test "a NEMO address without a slash at its end stops the program" {
  NX_NEMO_ADDRESS_1=https://nemo.example.com/api NX_NEMO_TOKEN_1=$TOKEN run_harvest events </dev/null
  assert_failure 1
  assert_stderr NX_NEMO_ADDRESS_1
}

@test "without a configured server an instrument is warned about, and a session that needs one is an ERROR that names it" {
  run_harvest events < <(instrument)
  assert_success
  assert_output ""
  assert_stderr "WARNING: instrument TEM-1"
  run_harvest reservations < <(session)
  assert_success
  assert_json .status ERROR
  assert_json '.error.message | test("127.0.0.1:1/api/tools") and test("configured: none")' true
}

@test "what lets one in by an api_url is in no message" {
  local url="http://ned:geheimnis@127.0.0.1:1/api/tools/?id=3&token=geheimnis"
  run_harvest events -vv < <(instrument "{\"api_url\": \"$url\"}")
  assert_success
  assert_stderr "its api_url 'http://ned:***@127.0.0.1:1/api/tools/?id=3&token=***'"
  refute_stderr geheimnis
  run_harvest reservations < <(session '{}' "{\"api_url\": \"$url\"}")
  assert_success
  assert_json '.error.message | test("tools/[?]id=3")' true
  assert_json '.error.message | test("geheimnis")' false
  export NX_NEMO_ADDRESS_1=http://127.0.0.1:1/api/ NX_NEMO_TOKEN_1=$TOKEN
  run_harvest reservations < <(session '{}' '{"api_url": "http://127.0.0.1:1/api/tools/?token=geheimnis"}')
  assert_success
  assert_json '.error.message | test("has no tool id")' true
  assert_json '.error.message | test("geheimnis")' false
  run_harvest reservations < <(session '{}' '{"api_url": "http://127.0.0.1:1/api/tools/?id=three&token=geheimnis"}')
  assert_success
  assert_json '.error.message | test("not a decimal number")' true
  assert_json '.error.message | test("geheimnis")' false
  run_harvest check < <(instrument '{"api_url": "http://127.0.0.2/api/tools/?id=3&token=geheimnis"}')
  assert_success
  assert_json '.message | test("tools/[?]id=3")' true
  refute_output --partial geheimnis
}

@test "lines that are not for this stage pass untouched, unknown keys and numbers too" {
  for own in '{"status": "COMPLETED"}' '{"status": "NO_FILES_FOUND"}' '{"error": {"stage": "x", "message": "y"}}' '{"postponed": {"stage": "x", "message": "y"}}' \
    '{"reservation": {"source": "mine"}}' '{"status": "COMPLETED", "start": null, "own": [13000.0, 13000, 1e-07, "é"]}'; do
    session "$own" | sed 's/13000,13000/13000.0,13000/' >"$BATS_TEST_TMPDIR/line"
    run_harvest reservations <"$BATS_TEST_TMPDIR/line"
    assert_success
    [ "$output" = "$(cat "$BATS_TEST_TMPDIR/line")" ] || fail "$output"
  done
}

@test "a built session whose reservation cannot be found goes on as it was" {
  run_harvest reservations < <(session '{"status": "BUILT_NOT_EXPORTED"}')
  assert_success
  [ "$output" = "$(session '{"status": "BUILT_NOT_EXPORTED"}')" ] || fail "$output"
  assert_stderr "goes on without its reservation"
}

@test "a plug-in harvests its own instruments and gets the dates" {
  plugin lab <<'END'
#!/bin/sh
[ "$1 $2 $3 $4" = "events --from 2025-01-01T00:00:00+00:00 --to" ] || exit 9
read -r line
pid=$(printf '%s' "$line" | jq -r .instrument_pid)
printf '{"kind":"usage_event","session_identifier":"lab:1","instrument_pid":"%s","start":"2025-03-03T10:00:00+00:00","end":"2025-03-03T11:00:00+00:00","user":null}\n' "$pid"
printf '{"kind":"usage_event","session_identifier":"lab:2","instrument_pid":"OTHER","start":"2025-03-03T10:00:00+00:00","end":"2025-03-03T11:00:00+00:00","user":null}\n'
END
  run_harvest events --from 2025-01-01 < <(instrument '{"harvester": "lab"}')
  assert_success
  assert_json .session_identifier lab:1
  assert_json .instrument_pid TEM-1
  [ "$(wc -l <<<"$output")" -eq 1 ]
  assert_stderr "'OTHER' is not one of its own"
}

@test "a plug-in's event that is broken costs itself alone, and the others reach the database" {
  plugin lab <<'END'
#!/bin/sh
event() {
  jq -cn --argjson own "$1" '{kind: "usage_event", session_identifier: "lab:x", instrument_pid: "TEM-1", start: "2025-03-03T10:00:00Z", end: "2025-03-03T11:00:00Z"} + $own'
}
event '{"session_identifier": "lab:start", "start": "yesterday"}'
event '{"session_identifier": "lab:end", "end": "2025-02-30T10:00:00Z"}'
event '{"session_identifier": ""}'
event '{"session_identifier": null}'
event '{"session_identifier": "lab:number", "end": 5}'
event '{"session_identifier": "lab:good"}'
END
  run_harvest events < <(instrument '{"harvester": "lab"}')
  assert_success
  [ "$(jq -r .session_identifier <<<"$output")" = lab:good ] || fail "$output"
  assert_stderr "WARNING: lab:start: 'yesterday' is not a date and time; the event is left out"
  assert_stderr "WARNING: lab:end: '2025-02-30T10:00:00Z' is not a date and time; the event is left out"
  assert_stderr "WARNING: the plug-in's line 3: key 'session_identifier' is empty; the event is left out"
  [ "$(grep -c "the plug-in's line [345]: .*; the event is left out\$" "$BATS_TEST_TMPDIR/stderr")" = 3 ] || fail "$(stderr)"
}

@test "a plug-in's event that has not ended waits, and a time without an offset is a clock time of its instrument's zone" {
  plugin lab <<'END'
#!/bin/sh
event() {
  printf '{"kind":"usage_event","session_identifier":"%s","instrument_pid":"%s","start":"2025-03-03T10:00:00","end":"%s"}\n' "$1" "$2" "$3"
}
event east EAST "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%S)"
event west WEST "$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%S)"
event later EAST "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
event over WEST "$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)"
END
  run_harvest events < <(instrument '{"harvester": "lab", "instrument_pid": "EAST", "timezone": "Pacific/Kiritimati"}'
    instrument '{"harvester": "lab", "instrument_pid": "WEST", "timezone": "Pacific/Pago_Pago"}')
  assert_success
  assert_no_stderr
  [ "$(jq -r .session_identifier <<<"$output")" = "east
over" ] || fail "$output"
}

@test "a zone that is none is named once, whatever an instrument's events are" {
  plugin lab <<'END'
#!/bin/sh
for day in 1 2 3; do
  printf '{"kind":"usage_event","session_identifier":"e%s","instrument_pid":"TEM-1","start":"2025-03-0%sT10:00:00","end":"2025-03-0%sT11:00:00"}\n' $day $day $day
done
END
  run_harvest events --from none < <(instrument '{"harvester": "lab", "timezone": "Mars/Olympus"}')
  assert_success
  [ ${#lines[@]} = 3 ]
  assert_stderr "WARNING: 'Mars/Olympus' is not a time zone; "
  [ "$(stderr | grep -c WARNING)" = 1 ] || fail "$(stderr)"
}

@test "a plug-in describes its own sessions; what it leaves out of the line stays" {
  plugin lab <<'END'
#!/bin/sh
jq -c '{kind, session_identifier, reservation: {source: "lab", experiment_title: "T"}}'
END
  run_harvest reservations < <(session '{"own": 1}' '{"harvester": "lab"}')
  assert_success
  assert_json .reservation.source lab
  assert_json .own 1
  assert_json .status TO_BE_BUILT
}

@test "a plug-in that fails, says nothing, answers nonsense or is not there costs its own session" {
  plugin bad <<<'#!/bin/sh
exit 3'
  plugin mute <<<'#!/bin/sh
exit 0'
  plugin odd <<<'#!/bin/sh
echo "{\"kind\":\"session\",\"session_identifier\":\"another\"}"'
  plugin lazy <<<'#!/bin/sh
cat'
  plugin killed <<<'#!/bin/sh
kill -SEGV $$'
  for name in bad mute odd lazy killed absent ../sh; do
    run_harvest reservations < <(session '{}' "{\"harvester\": \"$name\"}"; session '{"status": "COMPLETED"}')
    assert_success
    [ "$(jq -r .status <<<"$output")" = "ERROR
COMPLETED" ] || fail "$name: $output"
    run_harvest events < <(instrument "{\"harvester\": \"$name\"}")
    assert_success
  done
  assert_stderr "the harvester '../sh' is not known"
}

@test "a program whose name is none for a harvester is not said to be missing" {
  plugin 'my lab' <<<'#!/bin/sh
cat'
  run_harvest events < <(instrument '{"harvester": "my lab"}')
  assert_success
  assert_stderr "the harvester 'my lab' is not known: use nemo or ical, or a program nx-harvest-NAME in whose NAME are only A-Z a-z 0-9 . _ -"
}

@test "a plug-in that hangs is ended, and its session tried again by the next run" {
  plugin slow <<<'#!/bin/sh
exec sleep 600'
  NX_TEST_TIME_SCALE=0.002 run_harvest reservations < <(session '{}' '{"harvester": "slow"}')
  assert_success
  assert_json '.postponed.message' 'nx-harvest-slow did not finish within 600 s and was ended'
}

@test "a plug-in that hangs after it has closed its output is ended, too" {
  plugin hang <<'SH'
#!/bin/sh
echo $$ >"$0.pid"
cat >/dev/null
exec >&-
exec sleep 600
SH
  NX_TEST_TIME_SCALE=0.002 run_harvest reservations < <(session '{}' '{"harvester": "hang"}')
  assert_success
  assert_json '.postponed.message' 'nx-harvest-hang did not finish within 600 s and was ended'
  assert_ends "$(cat "$BATS_TEST_TMPDIR/bin/nx-harvest-hang.pid")"
}

@test "a plug-in has said all when it ends, and what it leaves behind is ended" {
  plugin lab <<'SH'
#!/bin/sh
sleep 600 &
echo $! >"$0.pid"
jq -c '.reservation = {source: "lab"}'
SH
  run_harvest reservations < <(session '{}' '{"harvester": "lab"}')
  assert_success
  assert_json .reservation.source lab
  assert_ends "$(cat "$BATS_TEST_TMPDIR/bin/nx-harvest-lab.pid")"
}

@test "a plug-in gets its own settings and what is no secret, but no secret of ours" {
  plugin lab <<'SH'
#!/bin/sh
env >"$0.$1"
[ "$1" = events ] || jq -c '.reservation = {source: "lab"}'
SH
  export NX_LAB_TOKEN=mine NX_DATA_PATH=/srv/nx NX_CERT_BUNDLE=certificates NX_ELABFTW_URL=https://eln.example.com/ \
    NX_CDCS_TOKEN=hush-1 NX_EMAIL_SMTP_PASSWORD=hush-2 NX_ELABFTW_API_KEY=hush-3 NX_LABARCHIVES_ACCESS_PASSWORD=hush-4 \
    NX_NEMO_ADDRESS_7=https://nemo.example.com/api/ NX_NEMO_TOKEN_7=hush-5 NX_DB_PATH=postgresql://user:hush-6@host/db \
    NX_CDCS_URL=https://user:hush-7@cdcs.example.com/
  run_harvest events < <(instrument '{"harvester": "lab"}')
  assert_success
  run_harvest reservations < <(session '{}' '{"harvester": "lab"}')
  assert_success
  assert_json .reservation.source lab
  for word in events reservations; do
    run cat "$BATS_TEST_TMPDIR/bin/nx-harvest-lab.$word"
    for line in NX_LAB_TOKEN=mine NX_DATA_PATH=/srv/nx NX_CERT_BUNDLE=certificates NX_ELABFTW_URL=https://eln.example.com/ \
      NX_NEMO_ADDRESS_7=https://nemo.example.com/api/; do
      assert_line "$line"
    done
    refute_output --partial hush-
  done
}

@test "a test that leaves out all waits does not take a plug-in's time away" {
  plugin lab <<'END'
#!/bin/sh
sleep 0.3
jq -c '.reservation = {source: "lab"}'
END
  NX_TEST_TIME_SCALE=0 run_harvest reservations < <(session '{}' '{"harvester": "lab"}')
  assert_success
  assert_json .reservation.source lab
}

@test "a harvest that nobody reads ends as an error, not silently" {
  plugin lab <<'END'
#!/bin/sh
seq 100000 | sed 's/.*/{"kind":"usage_event","session_identifier":"lab:&","instrument_pid":"TEM-1","start":"2025-03-03T10:00:00+00:00","end":"2025-03-03T11:00:00+00:00"}/'
END
  instrument '{"harvester": "lab"}' >"$BATS_TEST_TMPDIR/line"
  run bash -c 'nx-harvest events <"$0" 2>&1 >&3 | cat; exit ${PIPESTATUS[0]}' "$BATS_TEST_TMPDIR/line" 3> >(head -n 1 >/dev/null)
  assert_failure 2
  assert_output --partial "cannot write the output"
}

@test "a signal ends the harvest of a calendar or a program without a complaint" {
  cd "$BATS_TEST_TMPDIR"
  start_script '{"/lab.ics": [{"do": "silence"}]}'
  plugin slow <<'SH'
#!/bin/sh
: >"$0.started"
exec sleep 60
SH
  plugin hang <<'SH'
#!/bin/sh
exec >&-
: >"${0%hang}slow.started"
exec sleep 60
SH
  for lines in "{\"harvester\": \"ical\", \"calendar_url\": \"${ROOT}lab.ics\"}" '{"harvester": "slow"}' '{"harvester": "hang"}'; do
    rm -f "$BATS_TEST_TMPDIR/bin/nx-harvest-slow.started"
    instrument "$lines" >line
    nx-harvest events --from none <line >out 2>err 3>&- &
    local child=$! code=0
    for _ in $(seq 200); do
      [ ! -s "$LOG" ] && [ ! -e "$BATS_TEST_TMPDIR/bin/nx-harvest-slow.started" ] || break
      sleep 0.05
    done
    kill -TERM "$child"
    for _ in $(seq 200); do
      kill -0 "$child" 2>/dev/null || break
      sleep 0.05
    done
    kill -KILL "$child" 2>/dev/null || true
    wait "$child" || code=$?
    [ $code = 1 ] || fail "it ended with $code: $lines"
    assert_equal "$(cat out err)" ''
    : >"$LOG"
  done
}
