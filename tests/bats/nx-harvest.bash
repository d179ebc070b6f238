# Shared by the nx-harvest tests: servers of ours, and lines made by hand.
load lib

TOKEN=a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
SERVER_PIDS=()

# start_server NAME program arguments…: sets ROOT to its address, with its requests in $BATS_TEST_TMPDIR/NAME.log
start_server() {
  local name=$1 program=$2
  shift 2
  LOG=$BATS_TEST_TMPDIR/$name.log
  : >"$LOG"
  rm -f "$BATS_TEST_TMPDIR/$name.address"
  python3 "$NX_SOURCE/tests/servers/$program" "$@" --log "$LOG" >"$BATS_TEST_TMPDIR/$name.address" 3>&- &
  SERVER_PIDS+=($!)
  local tries=0
  until [ -s "$BATS_TEST_TMPDIR/$name.address" ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "$program did not start"
    sleep 0.05
  done
  ROOT=$(cat "$BATS_TEST_TMPDIR/$name.address")
}

start_replay() {
  start_server "$1" replay-nemo "$CORPUS/nemo" "$1"
  export NX_NEMO_ADDRESS_1=${ROOT}api/ NX_NEMO_TOKEN_1=$TOKEN
}

# start_script JSON: a misbehaving server; see scripted-http
start_script() {
  local name=${2:-scripted}
  printf '%s' "$1" >"$BATS_TEST_TMPDIR/$name.json"
  start_server "$name" scripted-http "$BATS_TEST_TMPDIR/$name.json"
  export NX_NEMO_ADDRESS_1=${ROOT}api/ NX_NEMO_TOKEN_1=$TOKEN
}

stop_servers() {
  local pid
  for pid in "${SERVER_PIDS[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  SERVER_PIDS=()
}

teardown() {
  stop_servers
}

# instrument [JSON]: an instrument line of tool 3 on $ROOT, changed by the members of JSON
instrument() {
  jq -cn --arg root "$ROOT" --argjson own "${1:-"{}"}" '{kind: "instrument", instrument_pid: "TEM-1", api_url: ($root + "api/tools/?id=3"),
    calendar_url: "https://calendar.example.com/", location: "Room 1", display_name: "A TEM", property_tag: "1", filestore_path: "TEM",
    harvester: "nemo", timezone: "America/New_York"} + $own'
}

# session [JSON [JSON]]: a session line of that instrument, changed by the members of the first; its instrument by those of the second
session() {
  jq -cn --arg root "$ROOT" --argjson own "${1:-"{}"}" --argjson instrument "$(instrument "${2:-"{}"}")" '{kind: "session",
    session_identifier: ($root + "api/usage_events/?id=7"), instrument: ($instrument | del(.kind)), start: "2025-03-03T10:00:00-05:00",
    end: "2025-03-03T12:00:00-05:00", user: "ned", status: "TO_BE_BUILT", export_mode: "export", uploads: []} + $own'
}

# run_harvest WORD… < lines: standard output in $output, standard error in $BATS_TEST_TMPDIR/stderr
run_harvest() {
  cat >"$BATS_TEST_TMPDIR/stdin"
  run bash -c 'nx-harvest "$@" <"$0/stdin" 2>"$0/stderr"' "$BATS_TEST_TMPDIR" "$@"
  sed 's/^/# stderr: /' "$BATS_TEST_TMPDIR/stderr" | head -n 20 # shown when the test fails
}

stderr() {
  cat "$BATS_TEST_TMPDIR/stderr"
}

assert_stderr() {
  grep -qF -- "$1" "$BATS_TEST_TMPDIR/stderr" || fail "no '$1' in: $(stderr)"
}

refute_stderr() {
  ! grep -qF -- "$1" "$BATS_TEST_TMPDIR/stderr" || fail "'$1' in: $(stderr)"
}

assert_no_stderr() {
  [ ! -s "$BATS_TEST_TMPDIR/stderr" ] || fail "on standard error: $(stderr)"
}

# requests PATTERN: how many requests of the last server's log match
requests() {
  grep -cE -- "$1" "$LOG" || true
}
