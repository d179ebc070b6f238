#!/usr/bin/env bats
# Leases: several runs on one database, each session in one of them (database 10, LINES).
bats_require_minimum_version 1.5.0
load lib
load engines

# A lease lasts six seconds here, and is renewed after 1.2.
setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  export NX_TEST_TIME_SCALE=0.02
  no_database
  nx-db init >/dev/null
  jq -nc '{kind:"instrument",instrument_pid:"TEM",api_url:"a",calendar_url:"c",location:"l",display_name:"TEM",property_tag:"1",
    filestore_path:"TEM",harvester:"nemo",timezone:"UTC"}' | nx-db instruments --import 2>/dev/null
}

teardown() {
  local pid
  for pid in $(jobs -pr); do kill "$pid"; done
}

# events N…: that many sessions to be built
events() {
  local id
  for id in "$@"; do
    printf '{"kind":"usage_event","session_identifier":"s%s","instrument_pid":"TEM","start":"2025-03-03T11:00:00Z","end":"2025-03-03T12:00:00Z","user":"ned"}\n' "$id"
  done | nx-db log-events 2>/dev/null
}

# claimed: the sessions that a further run is given, as words
claimed() { nx-db pending --claim | jq -r .session_identifier | tr '\n' ' '; }

expire() { sql "UPDATE nx_session_lease SET expires_at = '2020-01-01T00:00:00.000000+00:00'"; }
leases() { sql "SELECT count(*) FROM nx_session_lease"; }

@test "a session that one run has claimed is not handed out to another" {
  events 1 2 3
  [ "$(nx-db pending --claim --session s2 | jq -r .session_identifier)" = s2 ]
  [ "$(claimed)" = "s1 s3 " ]
  [ "$(claimed)" = "" ]
}

@test "the line names its holder as host, process and start, and the lease stands in the database" {
  events 1
  run nx-db pending --claim
  lease=$(jq -r .lease <<<"$output")
  [[ "$lease" == "$(hostname)"[:+]*:* ]] || fail "$lease"
  [[ "$lease" =~ :[0-9]+:[0-9]+$ ]] || fail "$lease"
  [ "$(sql "SELECT session_identifier || '|' || holder FROM nx_session_lease")" = "s1|$lease" ]
  "$NX_SOURCE/tests/check-lines" <<<"$output"
}

@test "pending and log-results of one pipeline are one holder" {
  events 1
  nx-db pending --claim | jq -c '.status="COMPLETED"' | nx-db log-results >out
  [ "$(jq -r .status out)" = COMPLETED ]
  [ "$(leases)" = 0 ]
}

@test "pending without --claim leaves what another run has leased to it, until the lease expires; -n shows it" {
  events 1 2
  nx-db pending --claim --session s1 >/dev/null
  [ "$(nx-db pending | jq -r .session_identifier)" = s2 ]
  [ "$(nx-db pending -n | jq -r .session_identifier | tr '\n' ' ')" = "s1 s2 " ]
  expire
  [ "$(nx-db pending | jq -r .session_identifier | tr '\n' ' ')" = "s1 s2 " ]
}

@test "what is left to others is said once, with who has the last lease and until when" {
  events 1 2 3
  nx-db pending --claim --session s1 --session s2 >/dev/null
  sql "UPDATE nx_session_lease SET holder = 'elsewhere:1:1', expires_at = '2999-01-01T00:00:00.000000+00:00' WHERE session_identifier = 's1'"
  for claim in "" --claim; do
    run --separate-stderr nx-db pending $claim --session s1 --session s2
    assert_success
    assert_output ""
    assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" \
      "WARNING: 2 sessions are left to whoever has leased them; the last lease, of elsewhere:1:1, ends at 2999-01-01T00:00:00.000000+00:00 unless it is renewed"
  done
  run --separate-stderr nx-db pending --session s1
  [[ "$stderr" == *" WARNING: 1 session is left to whoever has leased it; "* ]] || fail "$stderr"
  run --separate-stderr nx-db pending --session s3
  assert_equal "$stderr" ""
}

# bats test_tags=sqlite
@test "--reclaim takes what processes of this host held that are gone, and nothing of others" {
  events 1 2 3 4 5
  local start host
  host=$(nx-db pending --claim | jq -r .lease | head -n 1 | cut -d: -f1)
  start=$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)
  sql "UPDATE nx_session_lease SET holder = '$host:$$:$start' WHERE session_identifier = 's1'"
  sql "UPDATE nx_session_lease SET holder = '$host:$$:1' WHERE session_identifier = 's2'"
  sql "UPDATE nx_session_lease SET holder = 'elsewhere:$$:1' WHERE session_identifier = 's3'"
  sql "UPDATE nx_session_lease SET holder = '$host:4194305:77' WHERE session_identifier = 's4'"
  sql "UPDATE nx_session_lease SET holder = '$host:4194305:0' WHERE session_identifier = 's5'"
  [ "$(claimed)" = "" ]
  [ "$(nx-db pending --reclaim | jq -r .session_identifier | tr '\n' ' ')" = "s2 s4 " ]
}

# of_session COMMAND: a shell in a session of its own, waited for; its stages may outlive it
of_session() { setsid -w bash -c "$1" 3>&-; }

@test "a pipeline lives on when what was wrapped around one stage has ended" {
  events 1 2 3
  plain=$(nx-db pending --claim --session s1 | jq -r .lease)
  [ "$(timeout 60 nx-db pending --claim --session s2 | jq -r .lease)" = "$plain" ]
  [ "$({ nx-db pending --claim --session s3; } | jq -r .lease)" = "$plain" ]
  [ "$(nx-db pending --reclaim)" = "" ]
}

@test "a pipeline lives on in a container that its session began outside of" {
  unshare -rpf --mount-proc true || skip "no namespace of processes may be made here"
  events 1 2
  cat >stages <<'END'
[ "$(ps -o sid= -p $$ | tr -d ' ')" = 0 ] || exit 1
bash -c 'nx-db pending --claim --session s1 | jq -r .lease; true'
timeout 60 nx-db pending --claim --session s2 | jq -r .lease
nx-db pending --reclaim 2>/dev/null
END
  run unshare -rpf --mount-proc bash stages
  assert_success
  assert_equal "${#lines[@]}" 2
  assert_equal "${lines[0]}" "${lines[1]}"
}

# bats test_tags=sqlite
@test "a pipeline is gone at once when nothing of its session lives, and not before" {
  events 1 2
  of_session 'nx-db pending --claim --session s1 >one'
  of_session 'nx-db pending --claim --session s2 >two; sleep 100 >/dev/null 2>&1 & echo $! >sleeper'
  [ "$(nx-db pending --reclaim | jq -r .session_identifier)" = s1 ]
  kill "$(cat sleeper)"
  tries=0
  until [ "$(nx-db pending --reclaim | jq -r .session_identifier)" = s2 ]; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || fail "still leased"
    sleep 0.1
  done
}

@test "log-results renews what a line of another holder brings, before it stores it" {
  events 1 2
  of_session 'nx-db pending --claim >lines'
  sql "UPDATE nx_session_lease SET expires_at = '2020-01-01T00:00:00.000000+00:00' WHERE session_identifier = 's2'"
  { head -n 1 lines | jq -c '.status="COMPLETED"'; sleep 100 3>&- & echo $! >sleeper; wait; } | NX_TEST_TIME_SCALE=1 nx-db log-results >out 3>&- &
  RUNNING=$!
  tries=0
  until [ "$(sql "SELECT expires_at > '2021' FROM nx_session_lease WHERE session_identifier = 's2'" | tr t 1)" = 1 ]; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "not renewed"
    sleep 0.1
  done
  kill "$(cat sleeper)"
  wait $RUNNING || true
  [ "$(jq -r .status out)" = COMPLETED ]
}

@test "a result that comes too late says whether its run had ended" {
  events 1 2
  of_session 'nx-db pending --claim --session s1 >ended'
  nx-db pending --claim --session s2 >living
  sql "UPDATE nx_session_lease SET holder = 'elsewhere:1:1'"
  run --separate-stderr nx-db log-results <ended
  assert_failure 1
  [[ "$stderr" == *"session s1 could not be stored: its lease has passed to another run, because the process of $(jq -r .lease ended) has ended; "* ]] || fail "$stderr"
  run --separate-stderr nx-db log-results <living
  assert_failure 1
  [[ "$stderr" == *", because $(jq -r .lease living) did not renew it for too long; "* ]] || fail "$stderr"
}

@test "pending without --claim and pending -n take no lease" {
  events 1
  nx-db pending -n --claim >/dev/null
  nx-db pending >/dev/null
  run sql "SELECT count(*) FROM nx_session_lease"
  assert_failure
}

@test "an expired lease is free, and the export looks first because the other run may have come that far" {
  events 1
  nx-db pending --claim >/dev/null
  expire
  run nx-db pending --claim
  assert_json .session_identifier s1
  assert_json .export_mode retry
  [ "$(sql "SELECT count(*) FROM session_log WHERE event_type = 'RECORD_GENERATION'")" = 1 ]
}

@test "a result whose lease has passed to another run is not stored" {
  events 1
  nx-db pending --claim | jq -c '.status="ERROR" | .error={stage:"x",message:"y"} | .lease="elsewhere:1:1"' >late
  run --separate-stderr nx-db log-results <late
  assert_failure 1
  assert_output ""
  [[ "$stderr" == *"session s1 could not be stored: its lease has passed to another run"* ]] || fail "$stderr"
  [ "$(sql "SELECT DISTINCT record_status FROM session_log WHERE event_type = 'START'")" = TO_BE_BUILT ]
  [ "$(leases)" = 1 ]
}

@test "a result that comes after another run took over and finished is not stored either" {
  events 1
  nx-db pending --claim | jq -c '.status="ERROR" | .error={stage:"x",message:"y"}' >late
  sql "UPDATE nx_session_lease SET holder = 'elsewhere:1:1'"
  sed 's/"lease":"[^"]*"/"lease":"elsewhere:1:1"/; s/"ERROR"/"COMPLETED"/; s/,"error":{[^}]*}//' late | nx-db log-results >/dev/null
  run --separate-stderr nx-db log-results <late
  assert_failure 1
  [ "$(sql "SELECT DISTINCT record_status FROM session_log")" = COMPLETED ]
}

@test "a postponed session gives its lease back" {
  events 1
  nx-db pending --claim | jq -c '.postponed={stage:"x",message:"y"}' | nx-db log-results >/dev/null
  [ "$(leases)" = 0 ]
  [ "$(claimed)" = "s1 " ]
}

@test "a session that was finished since it was looked for is not handed out" {
  events 1 2
  # The pipe is full until the reader goes on: by then the second session is done.
  mkfifo slow
  sql "UPDATE session_log SET \"user\" = '$(head -c 100000 /dev/zero | tr '\0' u)' WHERE session_identifier = 's1'"
  nx-db pending --claim >slow &
  RUNNING=$!
  exec 8<slow
  head -c 1 <&8 >first
  sql "UPDATE session_log SET record_status = 'COMPLETED' WHERE session_identifier = 's2'"
  cat <&8 >rest
  exec 8<&-
  wait $RUNNING
  [ "$(cat first rest | jq -r .session_identifier)" = s1 ]
}

@test "log-results renews the leases of its pipeline while no line comes, and no longer once it is gone" {
  events 1
  nx-db pending --claim | { cat >claimed; sleep 100 3>&- & echo $! >sleeper; wait; } | nx-db log-results >/dev/null 3>&- &
  RUNNING=$!
  tries=0
  until [ -s sleeper ]; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "nothing was claimed"
    sleep 0.1
  done
  first=$(sql "SELECT expires_at FROM nx_session_lease")
  tries=0
  until [ "$(sql "SELECT expires_at > '$first' FROM nx_session_lease" | tr t 1)" = 1 ]; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "not renewed"
    sleep 0.1
  done
  [ "$(claimed)" = "" ]
  kill "$(cat sleeper)"
  wait $RUNNING || true
  tries=0
  until [ "$(claimed)" = "s1 " ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || fail "still leased"
    sleep 0.5
  done
}

@test "eight runs at once get every session once" {
  events $(seq 200)
  for run in $(seq 8); do nx-db pending --claim >"run$run" & done
  wait
  [ "$(cat run? | jq -r .session_identifier | sort | uniq -c | awk '$1 == 1' | wc -l)" = 200 ]
  [ "$(cat run? | wc -l)" = 200 ]
  [ "$(sql "SELECT count(*) FROM session_log WHERE event_type = 'RECORD_GENERATION'")" = 200 ]
}

# bats test_tags=sqlite
@test "a run that has ended and that nobody has asked how is gone" {
  events 1
  run python3 -c 'import os, subprocess, sys, time
pid = os.fork()
if pid == 0:
    os.setsid()
    os._exit(subprocess.run(["nx-db", "pending", "--claim"], stdout=subprocess.DEVNULL).returncode)
while ") Z " not in open(f"/proc/{pid}/stat").read():
    time.sleep(0.05)
sys.exit(subprocess.run(["nx-db", "pending", "--reclaim"]).returncode)'
  assert_success
  assert_output --partial '"kind":"session"'
}

@test "the table of leases is no part of the schema" {
  events 1
  nx-db pending --claim >/dev/null
  run nx-db alembic check
  assert_success
  run nx-db info
  assert_success
  refute_output --partial nx_session_lease
}
