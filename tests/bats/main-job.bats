#!/usr/bin/env bats
# The main job with the real programs: calendars, files, records, catalogue; twice, interrupted, killed, without room.
load lib

# A facility of two microscopes and four ended sessions, each with small files of its own.
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export NX_INSTRUMENT_DATA_PATH=$PWD/share NX_DATA_PATH=$PWD/data NX_DB_PATH=$PWD/data/nexuslims.db NX_SITE_PATH=$PWD/site NX_FILE_STRATEGY=inclusive
  mkdir -p share data
  nexuslims db init >/dev/null
  for number in 1 2; do
    mkdir -p share/SEM$number
    printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//x//y//EN >sem$number.ics
    for day in 10 11; do
      printf '%s\r\n' BEGIN:VEVENT "UID:s$number-$day" "DTSTAMP:202501${day}T000000Z" "DTSTART:202501${day}T090000Z" "DTEND:202501${day}T110000Z" \
        "SUMMARY:Work on SEM $number, day $day" "ORGANIZER;CN=Ned Land:mailto:ned@example.com" END:VEVENT >>sem$number.ics
      for file in 1 2 3; do
        echo "note $file of day $day" >share/SEM$number/$day-$file.txt
        touch -d "2025-01-${day}T09:1$file:00Z" share/SEM$number/$day-$file.txt
      done
    done
    printf '%s\r\n' END:VCALENDAR >>sem$number.ics
    jq -cn --arg n $number --arg c "file://$PWD/sem$number.ics" '{kind:"instrument",instrument_pid:("SEM-"+$n),api_url:($c+"#"+$n),calendar_url:$c,
      location:"B",display_name:("SEM "+$n),property_tag:$n,filestore_path:("SEM"+$n),harvester:"ical",timezone:"UTC"}'
  done | nx-db instruments --import 2>/dev/null
}

run_job() {
  nexuslims build-records --from none "$@"
}

# Four sessions done: one record, one page, one line of the list, three rows each, whatever happened before.
assert_all_once() {
  run sqlite3 data/nexuslims.db "SELECT record_status, event_type, count(*) FROM session_log GROUP BY 1, 2"
  assert_output "COMPLETED|END|4
COMPLETED|RECORD_GENERATION|4
COMPLETED|START|4"
  run sh -c 'ls data/records/uploaded | wc -l; ls data/records/*.xml 2>/dev/null | wc -l; ls -A site/records | wc -l; grep -c "\"name\"" site/records.js'
  assert_output "4
0
4
4"
  # (Beside a preview one may stand until that preview is written again: a reader of the killed run can still have been at it.)
  left=$(find data/records site -name '.nx-*' -o -name '.*.new')
  [ -z "$left" ] || fail "temporary files are left: $left"
  for record in data/records/uploaded/*.xml; do
    xmllint --noout --schema "$NX_SOURCE/share/schema/nexus-experiment.xsd" "$record" 2>/dev/null || fail "$record is not valid"
    [ "$(grep -c '<dataset ' "$record")" = 3 ] || fail "$record has not three datasets"
  done
}

@test "every session becomes one valid record, published once, and a second run builds nothing" {
  run --separate-stderr run_job
  assert_success
  [ "${#lines[@]}" = 4 ]
  assert_all_once
  before=$(find data/records site -type f -printf '%p %T@\n' | sort)
  run --separate-stderr run_job
  assert_success
  assert_output ""
  [ "$before" = "$(find data/records site -type f -printf '%p %T@\n' | sort)" ]
  assert_all_once
}

@test "a dry run names the files and leaves everything as it was" {
  nexuslims build-records --from none -n >/dev/null 2>&1
  before=$(find . -type f -not -path './data/logs/*' -not -name .builder.lock -exec sha256sum {} + | sort)
  run nexuslims build-records --from none -n
  assert_success
  assert_output --partial "share/SEM1/10-1.txt"
  assert_output --partial "Found 3 files for this session"
  [ "$before" = "$(find . -type f -not -path './data/logs/*' -not -name .builder.lock -exec sha256sum {} + | sort)" ]
}

# find_stage JOB NAME: its number in $pids. nx-extract is the child of nx-build-xml, all others are the front's own. It starts no process, for a
# run takes no longer than a few of them.
find_stage() {
  local pid name children
  pids=""
  { read -r children <"/proc/$1/task/$1/children"; } 2>/dev/null
  for pid in $children; do
    { read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
    [ "$name" != "$2" ] || pids+="$pid "
    [ "$name$2" != nx-build-xmlnx-extract ] || { read -r pids <"/proc/$pid/task/$pid/children"; } 2>/dev/null
  done
}

@test "whatever stage is killed with -9, the next run ends with one record and one page a session" {
  local stage delay pids hits=0
  for stage in nx-db nx-harvest nx-find-files nx-build-xml nx-extract nx-export; do
    for delay in 0 0.02 0.06; do
      rm -rf data/records data/SEM* site
      sqlite3 data/nexuslims.db "DELETE FROM session_log; DELETE FROM upload_log"
      nexuslims build-records --from none >/dev/null 2>&1 3>&- &
      local job=$!
      pids=""
      while [ -z "$pids" ] && kill -0 $job 2>/dev/null; do
        find_stage "$job" "$stage" || true
      done
      sleep $delay
      [ -n "$pids" ] && kill -9 $pids 2>/dev/null && hits=$((hits + 1))
      wait $job || true
      run --separate-stderr run_job
      [ "$status" = 0 ] || fail "after the end of $stage ($delay s) the next run says: $stderr"
      assert_all_once
    done
  done
  echo "# $hits of 18 kills met a living stage" >&3
  [ $hits -gt 0 ]
}

@test "the front killed with -9 takes its stages along, and the next run finishes the work" {
  local delay
  for delay in 0.01 0.05 0.1 0.2; do
    rm -rf data/records data/SEM* site
    sqlite3 data/nexuslims.db "DELETE FROM session_log; DELETE FROM upload_log"
    nexuslims build-records --from none >/dev/null 2>&1 3>&- &
    local job=$!
    sleep $delay
    kill -9 $job 2>/dev/null || true
    wait $job 2>/dev/null || true
    # The stages see the end of their pipes and finish; the lock goes with the last of them.
    local tries=0
    until flock -n data/.builder.lock true || [ $((tries += 1)) -gt 200 ]; do sleep 0.1; done
    run --separate-stderr run_job
    assert_success
    assert_all_once
  done
}

@test "SIGTERM ends a run cleanly, and the next one finishes the work" {
  nexuslims build-records --from none >/dev/null 2>&1 3>&- &
  local job=$!
  sleep 0.05
  kill -TERM $job 2>/dev/null || true
  wait $job || true
  run sqlite3 data/nexuslims.db "SELECT count(*) FROM session_log WHERE record_status = 'ERROR'"
  assert_output 0
  run --separate-stderr run_job
  assert_success
  assert_all_once
}

@test "a full disk stops a run before it starts and postpones what is under way; the next run builds it all" {
  [ "$(id -u)" = 0 ] || skip "mounting a small file system needs root"
  mkdir -p data/records
  mount -t tmpfs -o size=8k,nr_inodes=8 tmpfs data/records 2>/dev/null || skip "no file system can be mounted here"
  head -c 8192 /dev/zero >data/records/filler 2>/dev/null || true
  run nexuslims build-records --from none
  assert_failure 1
  assert_output --partial "disk_space"
  # The same with the room gone only after the check.
  nx-db instruments | nx-harvest events --from none | nx-db log-events 2>/dev/null
  nx-db pending | nx-harvest reservations | nx-find-files | nx-build-xml 2>/dev/null | nx-export | nx-db log-results >lines
  umount data/records
  run jq -r '.postponed.stage' lines
  assert_output "nx-build-xml
nx-build-xml
nx-build-xml
nx-build-xml"
  run sqlite3 data/nexuslims.db "SELECT DISTINCT record_status FROM session_log"
  assert_output TO_BE_BUILT
  run --separate-stderr run_job
  assert_success
  assert_all_once
}

@test "no room for metadata and previews postpones the sessions of that instrument; the next run makes them all" {
  echo "in the way" >data/SEM1
  run run_job
  assert_success
  run sqlite3 data/nexuslims.db "SELECT DISTINCT instrument, record_status FROM session_log"
  assert_output "SEM-1|TO_BE_BUILT
SEM-2|COMPLETED"
  rm data/SEM1
  run --separate-stderr run_job
  assert_success
  assert_all_once
  run sh -c 'ls data/SEM?/*.txt.json data/SEM?/*.txt.thumb.png | wc -l'
  assert_output 24
}

@test "roots whose names are not UTF-8 are roots like others" {
  mv share $'share\xff'
  mv data $'data\xfe'
  export NX_INSTRUMENT_DATA_PATH=$PWD/$'share\xff' NX_DATA_PATH=$PWD/$'data\xfe' NX_DB_PATH=$PWD/nexuslims.db
  mv $'data\xfe/nexuslims.db' nexuslims.db
  run run_job
  assert_success
  run sqlite3 nexuslims.db "SELECT DISTINCT record_status FROM session_log"
  assert_output COMPLETED
  run sh -c 'cat "$NX_DATA_PATH"/records/uploaded/*.xml | grep -c "<preview>/SEM[12]/"; ls -A site/records | wc -l; find site -name "*.png" | wc -l'
  assert_output "12
4
12"
}

@test "a share that is gone postpones, and says which folder" {
  mv share/SEM2 share/away
  touch -d "1 hour ago" share
  run run_job
  assert_output --partial "share/SEM2"
  mv share/away share/SEM2
  sqlite3 data/nexuslims.db "UPDATE session_log SET record_status = 'TO_BE_BUILT' WHERE record_status = 'ERROR' AND event_type <> 'RECORD_GENERATION'; DELETE FROM session_log WHERE record_status = 'ERROR'"
  run --separate-stderr run_job
  assert_success
  assert_all_once
}

@test "several runs at once: one works, the others say so and end with 0" {
  nexuslims build-records --from none >one 2>&1 3>&- &
  local first=$!
  run run_job
  assert_success
  wait $first
  run --separate-stderr run_job
  assert_success
  assert_all_once
}

@test "the file of the lock may be removed, and a pipeline typed by hand may run: no session is worked on twice" {
  mkdir bin
  cat >bin/nx-export-slow <<'SH'
#!/bin/sh
[ "$1" = --describe ] && { echo '{"kind":"destination","name":"slow","priority":60}'; exit; }
case $(cat) in
*'"mode":"validate"'*) echo '{"kind":"export_result","destination_name":"slow","valid":true,"error":null}'; exit ;;
esac
echo x >>sent
for turn in $(seq 400); do [ -e go ] || sleep 0.05; done
echo '{"kind":"export_result","destination_name":"slow","success":true,"record_id":"1","record_url":"https://slow.example.com/1","error_message":null}'
SH
  chmod +x bin/nx-export-slow
  export PATH=$PWD/bin:$PATH
  run_job >first 2>&1 3>&- &
  local first=$!
  until [ -s sent ]; do sleep 0.05; done
  rm data/.builder.lock
  for again in run_job "nx-db pending"; do
    run --separate-stderr $again
    assert_success
    assert_output ""
    [[ "$stderr" == *" nx-db WARNING: 4 sessions are left to whoever has leased them; "* ]] || fail "$stderr"
    [[ "$stderr" != *"No sessions to build"* ]] || fail "$stderr"
  done
  touch go
  wait $first
  assert_all_once
  [ "$(wc -l <sent)" = 4 ]
}

@test "where no thread can be made, stages work with the one they have" {
  [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups test -x "$NX_BUILD/bin/nx-db" || skip "only root can become a user with few processes"
  alone() { setpriv --reuid 65534 --regid 65534 --clear-groups prlimit --nproc=1 "$NX_BUILD/bin/$1" "${@:2}"; }
  export -f alone
  chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test
  chmod -R a+rwX "$BATS_TEST_TMPDIR"
  nx-db instruments | nx-harvest events --from none | nx-db log-events 2>/dev/null
  chmod -R a+rwX data
  nx-db pending | nx-harvest reservations >sessions
  alone nx-find-files <sessions >found
  [ "$(jq -s 'map(.files | length) | add' found)" = 12 ]
  nx-build-xml <found 2>/dev/null >built
  chmod -R a+rwX data
  alone nx-export -j 3 <built >exported
  [ "$(jq -r .status exported | sort | uniq -c | tr -s ' ')" = " 4 COMPLETED" ]
  run --separate-stderr alone nx-db log-results <exported
  assert_success
  [[ "$stderr" == *"the leases of this run are not renewed"* ]]
  run sqlite3 data/nexuslims.db "SELECT count(*) FROM session_log WHERE event_type = 'END' AND record_status = 'COMPLETED'"
  assert_output 4
}

@test "a starter that ignores the end of its children hands nothing of that on" {
  run --separate-stderr /usr/bin/env python3 -c 'import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp("nexuslims", ["nexuslims", "build-records", "--from", "none"])'
  assert_success
  assert_all_once
}

@test "--retry sends a record again to the destination that failed, without building it anew" {
  mkdir bin
  cat >bin/nx-export-flaky <<'SH'
#!/bin/sh
[ "$1" = --describe ] && { echo '{"kind":"destination","name":"flaky","priority":60}'; exit; }
case $(cat) in
*'"mode":"validate"'*) echo '{"kind":"export_result","destination_name":"flaky","valid":true,"error":null}'; exit ;;
esac
[ -e broken ] && exit 7
echo x >>sent
echo '{"kind":"export_result","destination_name":"flaky","success":true,"record_id":"1","record_url":"https://flaky.example.com/1","error_message":null}'
SH
  chmod +x bin/nx-export-flaky
  export PATH=$PWD/bin:$PATH
  run_job >/dev/null 2>&1
  rm -rf data/records site sent
  sqlite3 data/nexuslims.db "DELETE FROM upload_log; UPDATE session_log SET record_status = 'TO_BE_BUILT' WHERE event_type <> 'RECORD_GENERATION'; DELETE FROM session_log WHERE event_type = 'RECORD_GENERATION'"
  nx-db pending | nx-harvest reservations | nx-find-files | nx-build-xml 2>/dev/null >built
  touch broken
  nx-export <built 2>/dev/null | nx-db log-results >/dev/null
  run sqlite3 data/nexuslims.db "SELECT DISTINCT record_status FROM session_log"
  assert_output BUILT_NOT_EXPORTED
  before=$(sha256sum data/records/*.xml | cut -d' ' -f1 | sort)
  rm broken
  run --separate-stderr run_job --retry
  assert_success
  assert_all_once
  [ "$before" = "$(sha256sum data/records/uploaded/*.xml | cut -d' ' -f1 | sort)" ]
  [ "$(wc -l <sent)" = 4 ]
  run sqlite3 data/nexuslims.db "SELECT destination_name, success, count(*) FROM upload_log GROUP BY 1, 2 ORDER BY 1, 2"
  assert_output "flaky|0|4
flaky|1|4
site|1|4"
}

@test "a record that is away before its export waits, and is exported when it is back, or built again" {
  nx-db instruments | nx-harvest events --from none | nx-db log-events 2>/dev/null
  nx-db pending | nx-harvest reservations | nx-find-files | nx-build-xml 2>/dev/null | nx-db log-results >/dev/null
  mv data/records away
  mkdir data/records
  run --separate-stderr run_job --retry
  assert_success
  [ "$(grep -c '^postponed: .* is neither in .*; put it back, or build it again' <<<"$output")" = 4 ]
  lost=$(ls away | head -n 1)
  rm "away/$lost"
  rmdir data/records && mv away data/records
  run --separate-stderr run_job --retry
  [ "$(grep -c '^COMPLETED: ' <<<"$output")" = 3 ]
  name=$(sqlite3 data/nexuslims.db "SELECT DISTINCT session_identifier FROM session_log WHERE record_status = 'BUILT_NOT_EXPORTED'")
  nx-db pending --claim --session "$name" | jq -c '.status = "TO_BE_BUILT"' | nx-harvest reservations | nx-find-files | nx-build-xml 2>/dev/null |
    nx-export | nx-db log-results >/dev/null
  assert_all_once
  [ -e "data/records/uploaded/$lost" ]
}
