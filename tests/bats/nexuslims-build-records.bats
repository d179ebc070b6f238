#!/usr/bin/env bats
# nexuslims build-records: configuration, log file, lock, the two pipelines and what is said about each session. The stages are small scripts
# beside a copy of the program: each notes how it was called, keeps its input, and answers what the test laid down.
load lib
bats_require_minimum_version 1.5.0

SESSION='{"kind":"session","session_identifier":"https://nemo.example.com/api/usage_events/?id=29","instrument":{"instrument_pid":"FEI-Titan-TEM-635816","timezone":"America/Denver"},"start":"2025-03-03T11:05:12-07:00","end":"2025-03-03T15:59:30-07:00","user":"ned","status":"TO_BE_BUILT"}'

setup() {
  export FAKE=$BATS_TEST_TMPDIR/fake
  mkdir -p "$FAKE" "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/instruments"
  cp "$NX_BUILD/bin/nexuslims" "$BATS_TEST_TMPDIR/bin/"
  for stage in nx-db nx-harvest nx-find-files nx-build-xml nx-export; do fake_stage "$stage"; done
  fake_check
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
  export NX_DATA_PATH=$BATS_TEST_TMPDIR/data NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR/instruments
  export NX_DB_PATH=$BATS_TEST_TMPDIR/data/nexuslims.db NX_CDCS_URL=https://cdcs.example.com/ NX_CDCS_TOKEN=s3cret-token-0815
  : >"$NX_DB_PATH"
  echo "$SESSION" >"$FAKE/nx-db-pending.out"
}

# A stage passes its input on unless <name>.out says what it writes; <name>.exit is its exit status, <name>.talk what it says on stderr.
fake_stage() {
  cat >"$BATS_TEST_TMPDIR/bin/$1" <<'SCRIPT'
#!/bin/bash
name=${0##*/}
[[ ${1:-} == [a-z]* ]] && name+=-$1
echo "${0##*/}${*:+ $*}" >>"$FAKE/calls"
[ -e "$FAKE/$name.talk" ] && cat "$FAKE/$name.talk" >&2
[ -e "$FAKE/$name.dies" ] && kill -9 $$
if [ -e "$FAKE/$name.waits" ]; then
  trap 'echo "$name got a signal" >>"$FAKE/signals"; exit 0' INT TERM HUP
  : >"$FAKE/$name.ready"
  while :; do sleep 0.05; done
fi
[ -e "$FAKE/$name.out" ] && cat "$FAKE/$name.out"
if [ -e "$FAKE/$name.out" ] && [[ $name != *-log-results ]]; then cat >"$FAKE/$name.in"; else tee "$FAKE/$name.in"; fi
exit "$(cat "$FAKE/$name.exit" 2>/dev/null || echo 0)"
SCRIPT
  chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# A preflight that finds what lies in `findings`, and a mail program; neither is a stage, so they note their calls apart.
fake_check() {
  echo '{"kind":"check","name":"db_reachable","passed":true,"severity":"error","message":"it can be read"}' >"$FAKE/findings"
  cat >"$BATS_TEST_TMPDIR/bin/nexuslims-check" <<'SCRIPT'
#!/bin/sh
echo "${0##*/} $*" >>"$FAKE/others"
[ -e "$FAKE/${0##*/}.talk" ] && cat "$FAKE/${0##*/}.talk" >&2
[ "${0##*/}" = nexuslims-mail ] || cat "$FAKE/findings"
exit "$(cat "$FAKE/${0##*/}.exit" 2>/dev/null || echo 0)"
SCRIPT
  chmod +x "$BATS_TEST_TMPDIR/bin/nexuslims-check"
  cp "$BATS_TEST_TMPDIR/bin/nexuslims-check" "$BATS_TEST_TMPDIR/bin/nexuslims-mail"
}

# The one log file of the run.
log_file() {
  find "$NX_DATA_PATH/logs" -name '*.log'
}

wait_for() {
  for _ in $(seq 400); do [ -e "$1" ] && return; sleep 0.05; done
  fail "$1 did not appear"
}

@test "build-records runs the harvest pipeline and then the build pipeline, with the default week for the harvest alone" {
  run --separate-stderr nexuslims build-records
  assert_success
  run sort "$FAKE/calls"
  assert_line 'nx-db instruments'
  assert_line --regexp '^nx-harvest events --from [0-9-]{10}T[0-9:.]+\+00:00 --to none$'
  assert_line 'nx-db log-events'
  assert_line 'nx-db pending --reclaim'
  assert_line 'nx-harvest reservations'
  assert_line 'nx-find-files'
  assert_line 'nx-build-xml'
  assert_line 'nx-export'
  assert_line 'nx-db log-results'
  assert_equal "$(wc -l <"$FAKE/calls")" 9
}

@test "what a stage leaves behind holds up neither the run nor the next one" {
  cat >"$BATS_TEST_TMPDIR/bin/nx-harvest" <<'SCRIPT'
#!/bin/bash
cat
setsid sleep 600 >/dev/null </dev/null &
echo $! >>"$FAKE/left"
echo "the last words of $1" >&2
SCRIPT
  run --separate-stderr timeout 60 nexuslims build-records
  assert_success
  [[ $stderr == *'the last words of events'*'the last words of reservations'* ]]
  run --separate-stderr timeout 60 nexuslims build-records
  assert_success
  [[ $stderr != *'Another instance'* ]]
  for pid in $(cat "$FAKE/left"); do kill "$pid"; done
}

@test "explicit bounds limit the harvest and the pending sessions, in the system's zone and to the end of the day" {
  TZ=America/New_York run nexuslims build-records --from 2024-01-01 --to 2024-01-31 --retry
  assert_success
  run cat "$FAKE/calls"
  assert_line 'nx-harvest events --from 2024-01-01T00:00:00-05:00 --to 2024-01-31T23:59:59-05:00'
  assert_line 'nx-db pending --from 2024-01-01T00:00:00-05:00 --to 2024-01-31T23:59:59-05:00 --retry --reclaim'
}

@test "--from none takes the lower bound away from both pipelines" {
  run nexuslims build-records --from NONE
  assert_success
  run cat "$FAKE/calls"
  assert_line 'nx-harvest events --from none --to none'
  assert_line 'nx-db pending --from none --reclaim'
}

@test "-v and -vv are passed on to every stage" {
  run nexuslims build-records -vv
  assert_success
  assert_equal "$(grep -c -- ' -vv' "$FAKE/calls")" 9
  assert_equal "$(grep -c 'nx-db pending -vv' "$FAKE/calls")" 1
}

@test "an impossible date is a usage error, before any log file is made" {
  run nexuslims build-records --from 2025-02-30
  assert_failure 2
  assert_line --partial "Usage: nexuslims build-records [OPTIONS]"
  assert_line --partial "Error: Invalid value: Invalid date format: '2025-02-30'"
  [ ! -e "$NX_DATA_PATH/logs" ]
}

@test "a bad configuration ends with 1, names the setting and starts nothing" {
  NX_DATA_PATH=/nonexistent run nexuslims build-records
  assert_failure 1
  assert_line --partial 'NX_DATA_PATH'
  [ ! -e "$FAKE/calls" ]
}

@test "the log file lies under the date, and holds the lines of our stages unchanged" {
  printf '2025-03-04 02:00:00,123 nx-find-files WARNING: the share is slow\n  and a line of its own\n' >"$FAKE/nx-find-files.talk"
  printf 'no newline at the end' >"$FAKE/nx-export.talk"
  run --separate-stderr nexuslims build-records
  assert_success
  assert_regex "$(log_file)" "/logs/$(date +%Y/%m/%d)/process_records_[0-9]{2}-[0-9]{2}-[0-9]{2}\.log$"
  run cat "$(log_file)"
  assert_line '2025-03-04 02:00:00,123 nx-find-files WARNING: the share is slow'
  assert_line '  and a line of its own'
  assert_line 'no newline at the end'
  [[ $stderr == *'the share is slow'$'\n''  and a line of its own'* ]]
}

@test "NX_LOG_PATH moves the log files, and a dry run marks its own" {
  mkdir "$BATS_TEST_TMPDIR/elsewhere"
  NX_LOG_PATH=$BATS_TEST_TMPDIR/elsewhere run nexuslims build-records -n
  assert_success
  run find "$BATS_TEST_TMPDIR/elsewhere" -type f
  assert_output --regexp "/process_records_[0-9]{2}-[0-9]{2}-[0-9]{2}_dryrun\.log$"
}

@test "a run whose log file is there already, from the same second, gets one of its own" {
  folder=$NX_DATA_PATH/logs/$(date +%Y/%m/%d)
  mkdir -p "$folder"
  now=$(date +%s)
  for s in $(seq 0 30); do echo before >"$folder/process_records_$(date -d "@$((now + s))" +%H-%M-%S).log"; done
  run nexuslims build-records
  assert_success
  run find "$folder" -name '*-2.log'
  assert_output --regexp '/process_records_[0-9]{2}-[0-9]{2}-[0-9]{2}-2\.log$'
  assert_equal "$(cat "$folder"/*.log | grep -c before)" 31
}

@test "a log folder that cannot be made ends the run with 1" {
  : >"$BATS_TEST_TMPDIR/data/logs"
  run nexuslims build-records
  assert_failure 1
  assert_output --partial 'Error: '
  [ ! -e "$FAKE/calls" ]
}

@test "with -v the redacted configuration is logged, and the token never" {
  run nexuslims build-records -v
  assert_success
  run cat "$(log_file)"
  assert_line --regexp ' nexuslims INFO: Effective configuration:$'
  assert_line '  "NX_CDCS_TOKEN": "***",'
  refute_output --partial s3cret-token-0815
}

@test "without -v the log says nothing about a run without trouble" {
  run --separate-stderr nexuslims build-records
  assert_success
  assert_equal "$stderr" ''
  assert_equal "$(cat "$(log_file)")" ''
}

@test "each session that was stored is one line on standard output" {
  jq -c '.status = "COMPLETED" | .record = {path: "/r/2025-03-03_FEI-Titan-TEM-635816_29.xml", activities: 1, datasets: 41}
         | .exports = [{destination_name: "cdcs", success: true}, {destination_name: "elabftw", success: false, error_message: "HTTP 500"}]' \
    <<<"$SESSION" >"$FAKE/nx-export.out"
  run --separate-stderr nexuslims build-records
  assert_success
  assert_output 'COMPLETED: https://nemo.example.com/api/usage_events/?id=29 (2025-03-03T11:05:12-07:00 to 2025-03-03T15:59:30-07:00 on FEI-Titan-TEM-635816); 2025-03-03_FEI-Titan-TEM-635816_29.xml (1 activity, 41 datasets); cdcs: exported; elabftw: HTTP 500'
}

@test "a run that was started without standard streams writes nothing but log lines to its log file" {
  echo '2025-03-03 10:00:00,000 nx-export WARNING: something' >"$FAKE/nx-export.talk"
  nexuslims build-records <&- >&- 2>&-
  run cat "$(log_file)"
  assert_output --partial 'nx-export WARNING: something'
  refute_output --partial ' on FEI-Titan-TEM-635816)'
}

@test "a run whose standard output is lost does its work, says so and ends with 1" {
  [ -w /dev/full ] || skip 'no /dev/full'
  run --separate-stderr bash -c 'nexuslims build-records >/dev/full'
  assert_failure 1
  [[ "$stderr" == *'Error: standard output could not be written'* ]] || fail "$stderr"
  [ -s "$FAKE/nx-db-log-results.in" ]
}

@test "a postponed session says why, and escape sequences in its texts stay harmless" {
  jq -c '.user = "x" | .postponed = {stage: "nx-find-files", message: "the share \u001b[31mis gone"}' <<<"$SESSION" >"$FAKE/nx-export.out"
  run --separate-stderr nexuslims build-records
  assert_success
  assert_output --partial '; the share \x1b[31mis gone'
  assert_output --partial 'postponed: https://nemo.example.com/api/usage_events/?id=29'
}

@test "a session that ends in ERROR leaves 0, and 1 with --strict" {
  jq -c '.status = "ERROR" | .error = {stage: "nx-build-xml", message: "the record is not valid"}' <<<"$SESSION" >"$FAKE/nx-export.out"
  run nexuslims build-records
  assert_success
  run nexuslims build-records --strict
  assert_failure 1
  jq -c '.status = "BUILT_NOT_EXPORTED"' <<<"$SESSION" >"$FAKE/nx-export.out"
  run nexuslims build-records --strict
  assert_failure 1
  jq -c '.status = "NO_CONSENT"' <<<"$SESSION" >"$FAKE/nx-export.out"
  run nexuslims build-records --strict
  assert_success
}

@test "no session to build is a warning and exit 0" {
  : >"$FAKE/nx-db-pending.out"
  run --separate-stderr nexuslims build-records
  assert_success
  assert_output ''
  [[ $stderr == *' nexuslims WARNING: No sessions to build'* ]]
  # What would read nothing is not started.
  [ -z "$(ls "$FAKE" | grep -E '^nx-(find-files|build-xml|export|db-log-results).*[.]in$')" ]
}

@test "a pending list that fails with nothing said is an error, also without other stages" {
  : >"$FAKE/nx-db-pending.out"
  echo 3 >"$FAKE/nx-db-pending.exit"
  run --separate-stderr nexuslims build-records
  assert_failure 1
  [[ $stderr == *' nexuslims ERROR: build: nx-db ended with exit status 3'* ]]
}

@test "a failed harvest still builds, and the whole ends with 1" {
  echo 2 >"$FAKE/nx-harvest-events.exit"
  run --separate-stderr nexuslims build-records
  assert_failure 1
  assert_output --partial 'TO_BE_BUILT: https://nemo.example.com'
  [[ $stderr == *' nexuslims ERROR: harvest: nx-harvest ended with exit status 2'* ]]
  [ -e "$FAKE/nx-db-log-results.in" ]
}

@test "a stage that dies is named, and the run ends with 1" {
  : >"$FAKE/nx-build-xml.dies"
  run --separate-stderr nexuslims build-records
  assert_failure 1
  [[ $stderr == *' nexuslims ERROR: build: nx-build-xml was ended by signal 9 (Killed)'* ]]
}

@test "a stage whose program is missing is named before anything of its pipeline starts" {
  rm "$BATS_TEST_TMPDIR/bin/nx-export"
  PATH=$BATS_TEST_TMPDIR/bin:/usr/bin:/bin run nexuslims build-records
  assert_failure 1
  assert_output --partial 'nx-export is not installed'
  run grep -c pending "$FAKE/calls"
  assert_output 0
}

@test "a stage that talks megabytes on standard error blocks nobody" {
  head -c 3000000 /dev/zero | tr '\0' 'x' | fold -w 100 >"$FAKE/nx-db-log-results.talk"
  cp "$FAKE/nx-db-log-results.talk" "$FAKE/nx-db-pending.talk"
  run --separate-stderr nexuslims build-records
  assert_success
  assert_equal "$(grep -c 'xxxx' "$(log_file)")" 60000
}

@test "a session line of many megabytes arrives whole" {
  jq -c '.files = [range(100000) | {path: "/mnt/instr/Titan_TEM/a-file-with-a-rather-long-name-\(.).dm3", mtime: 1741021200.25, size: 1048704}]' <<<"$SESSION" \
    >"$FAKE/nx-export.out"
  run --separate-stderr nexuslims build-records
  assert_success
  assert_output --partial 'TO_BE_BUILT: https://nemo.example.com'
  cmp "$FAKE/nx-export.out" "$FAKE/nx-db-log-results.in"
}

# ------------------------------------------------------------------------------------------------------------ dry run

@test "a dry run is one pipeline that writes nothing, and logs every file with its time in the instrument's zone" {
  jq -c '.files = [{path: "/mnt/instr/Titan_TEM/a.dm3", mtime: 1741021200.25, size: 1}] | .activities = [[0]]' <<<"$SESSION" >"$FAKE/nx-find-files.out"
  run --separate-stderr nexuslims build-records -n --from 2025-03-01
  assert_success
  assert_output 'TO_BE_BUILT: https://nemo.example.com/api/usage_events/?id=29 (2025-03-03T11:05:12-07:00 to 2025-03-03T15:59:30-07:00 on FEI-Titan-TEM-635816); 1 file, 1 activity'
  [[ $stderr == *' nexuslims INFO: *mtime* 2025-03-03T10:00:00.250000-07:00 - /mnt/instr/Titan_TEM/a.dm3'* ]]
  [[ $stderr == *' nexuslims INFO: Found 1 file for this session'* ]]
  run sort "$FAKE/calls"
  assert_output - <<'END'
nx-db instruments -v
nx-db pending -v --from 2025-03-01T00:00:00+00:00 -n --events
nx-find-files -v
nx-harvest events -v --from 2025-03-01T00:00:00+00:00 --to none
nx-harvest reservations -v
END
}

@test "a dry run says which session has no files and which has no consent" {
  {
    jq -c '.status = "NO_CONSENT" | .error = {stage: "nx-harvest", message: "NoDataConsentError: the user did not agree"}' <<<"$SESSION"
    jq -c '.files = [] | .activities = []' <<<"$SESSION"
  } >"$FAKE/nx-find-files.out"
  run --separate-stderr nexuslims build-records -n
  assert_success
  [[ $stderr == *' nexuslims WARNING: NO_CONSENT: NoDataConsentError: the user did not agree'* ]]
  assert_equal "$(grep -c 'WARNING: No files found for this session' <<<"$stderr")" 1
}

# ---------------------------------------------------------------------------------------------------------- preflight

finding() {
  printf '{"kind":"check","name":"%s","passed":%s,"severity":"%s","message":"%s"}\n' "$@"
}

@test "a failed check that forbids the build stops it before anything is harvested, and is named" {
  {
    finding db_reachable true error 'it can be read'
    finding instrument_timezones false warning 'no such zone'
    finding instrument_harvesters false error 'nobody can harvest x'
    finding instrument_harvesters false error 'nobody can harvest y'
    finding data_path_writable false error 'read-only'
  } >"$FAKE/findings"
  run --separate-stderr nexuslims build-records
  assert_failure 1
  assert_output ''
  [ ! -e "$FAKE/calls" ]
  run sed 's/^[-0-9]* [0-9:,]* //' <<<"$stderr"
  assert_output 'nexuslims WARNING: [preflight] instrument_timezones: FAIL — no such zone
nexuslims ERROR: [preflight] instrument_harvesters: FAIL — nobody can harvest x
nexuslims ERROR: [preflight] instrument_harvesters: FAIL — nobody can harvest y
nexuslims ERROR: [preflight] data_path_writable: FAIL — read-only
nexuslims ERROR: Preflight checks failed: instrument_harvesters, data_path_writable'
  flock -n "$NX_DATA_PATH/.builder.lock" true
}

@test "failed warnings are logged and the run goes on; what passed is said at DEBUG" {
  finding export_destinations false warning 'cdcs: HTTP 503' >>"$FAKE/findings"
  run --separate-stderr nexuslims build-records -vv
  assert_success
  assert_equal "$(wc -l <"$FAKE/calls")" 9
  [[ $stderr == *' nexuslims DEBUG: [preflight] db_reachable: PASS — it can be read'* ]]
  [[ $stderr == *' nexuslims WARNING: [preflight] export_destinations: FAIL — cdcs: HTTP 503'* ]]
  run cat "$FAKE/others"
  assert_output 'nexuslims-check --lines -vv'
}

@test "a dry run leaves out the checks that only a real run needs" {
  run nexuslims build-records -n
  assert_success
  run cat "$FAKE/others"
  assert_output 'nexuslims-check --lines -n -v'
}

@test "a preflight that dies, says nothing or is not installed builds nothing" {
  echo 7 >"$FAKE/nexuslims-check.exit"
  run --separate-stderr nexuslims build-records
  assert_failure 1
  [[ $stderr == *' nexuslims ERROR: preflight: nexuslims-check ended with exit status 7'* ]]
  rm "$FAKE/nexuslims-check.exit"
  : >"$FAKE/findings"
  run --separate-stderr nexuslims build-records
  assert_failure 1
  [[ $stderr == *'nexuslims-check said nothing'* ]]
  rm "$BATS_TEST_TMPDIR/bin/nexuslims-check"
  PATH=$BATS_TEST_TMPDIR/bin:/usr/bin:/bin run --separate-stderr nexuslims build-records
  assert_failure 1
  [[ $stderr == *'nexuslims-check is not installed'* ]]
  [ ! -e "$FAKE/calls" ]
}

# --------------------------------------------------------------------------------------------------------------- mail

with_mail() {
  export NX_EMAIL_SMTP_HOST=smtp.example.com NX_EMAIL_SENDER=nexus@example.com NX_EMAIL_RECIPIENTS=admin@example.com
}

@test "after the run its log file is handed to nexuslims-mail, with the lock free again" {
  with_mail
  sed -i '2a [ "${0##*/}" = nexuslims-check ] || { flock -n "$NX_DATA_PATH/.builder.lock" true \&\& echo free >>"$FAKE/others"; }' "$BATS_TEST_TMPDIR/bin/nexuslims-mail"
  run nexuslims build-records -v
  assert_success
  run cat "$FAKE/others"
  assert_output "nexuslims-check --lines -v
nexuslims-mail -v $(log_file)
free"
}

@test "mail is tried after a failed preflight and a dry run too, and never changes the exit status" {
  with_mail
  echo 1 >"$FAKE/nexuslims-mail.exit"
  echo '2025-03-04 02:00:00,123 nexuslims-mail ERROR: no mail' >"$FAKE/nexuslims-mail.talk"
  run --separate-stderr nexuslims build-records -n
  assert_success
  assert_equal "$(grep -c 'nexuslims-mail' "$FAKE/others")" 1
  assert_equal "$(grep -c ERROR <<<"$stderr")" 1
  grep -qx '2025-03-04 02:00:00,123 nexuslims-mail ERROR: no mail' "$(log_file)"
  finding db_tables false error 'gone' >"$FAKE/findings"
  run nexuslims build-records
  assert_failure 1
  assert_equal "$(grep -c 'nexuslims-mail' "$FAKE/others")" 2
}

@test "no mail without its settings, after a usage error, or while another run works" {
  run --separate-stderr nexuslims build-records -v
  assert_success
  [[ $stderr == *' nexuslims INFO: Mail is off'* ]]
  with_mail
  run nexuslims build-records --from 2025-02-30
  assert_failure 2
  exec 9>"$NX_DATA_PATH/.builder.lock"
  flock -n 9
  run nexuslims build-records
  assert_success
  exec 9>&-
  refute [ "$(grep -c nexuslims-mail "$FAKE/others")" != 0 ]
}

# --------------------------------------------------------------------------------------------------------------- lock

@test "while another run works, a second one says so in two lines and exits 0 without touching anything" {
  : >"$FAKE/nx-find-files.waits"
  nexuslims build-records >"$FAKE/first" 2>&1 3>&- &
  first=$!
  wait_for "$FAKE/nx-find-files.ready"
  mkdir "$FAKE/second"
  FAKE=$FAKE/second run --separate-stderr nexuslims build-records
  assert_success
  assert_line --index 0 --partial "$NX_DATA_PATH/.builder.lock is held (pid $first on "
  assert_line --index 1 --partial 'Another instance'
  [[ $stderr == *' nexuslims WARNING: the lock '* ]]
  [ ! -e "$FAKE/second/calls" ]
  kill -TERM "$first"
  wait "$first" || true
}

@test "a lock file that nobody holds is taken over, and the log says whose it was" {
  echo 'pid 4711 on elsewhere since 2025-01-01T00:00:00+00:00' >"$NX_DATA_PATH/.builder.lock"
  run --separate-stderr nexuslims build-records
  assert_success
  [[ $stderr == *'taking over the lock '*'pid 4711 on elsewhere'* ]]
  run --separate-stderr nexuslims build-records
  assert_success
  assert_equal "$stderr" ''
}

@test "a lock file of another user is named with what to do" {
  [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups test -x "$NX_BUILD/bin/nexuslims" || skip "only root can leave another user a file"
  local folder=$(mktemp -d)
  install -m 644 /dev/null "$folder/.builder.lock"
  chmod 777 "$folder"
  cp "$NX_DB_PATH" "$folder/db"
  NX_DATA_PATH=$folder NX_INSTRUMENT_DATA_PATH=$folder NX_DB_PATH=$folder/db run setpriv --reuid 65534 --regid 65534 --clear-groups "$NX_BUILD/bin/nexuslims" build-records
  rm -r "$folder"
  assert_failure 1
  assert_output --partial ".builder.lock: Permission denied; run NexusLIMS always as the same user, and give that one what another has left (chown)"
}

@test "a log folder of another user is named with what to do" {
  [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups test -x "$NX_BUILD/bin/nexuslims" || skip "only root can leave another user a folder"
  local folder=$(mktemp -d)
  chmod 777 "$folder"
  cp "$NX_DB_PATH" "$folder/db"
  for made in "$folder/logs" "$folder/logs/$(date +%Y/%m/%d)"; do # today's folder cannot be made, and then no file in it
    mkdir -p "$made"
    NX_DATA_PATH=$folder NX_INSTRUMENT_DATA_PATH=$folder NX_DB_PATH=$folder/db run setpriv --reuid 65534 --regid 65534 --clear-groups "$NX_BUILD/bin/nexuslims" build-records
    assert_failure 1
    assert_output --partial "Permission denied; run NexusLIMS always as the same user, and give that one what another has left (chown)"
    assert_output --partial "$folder/logs/"
  done
  rm -r "$folder"
}

@test "the lock file stays, is empty after a run, and may be removed at any time" {
  nexuslims build-records >/dev/null
  [ -e "$NX_DATA_PATH/.builder.lock" ]
  [ ! -s "$NX_DATA_PATH/.builder.lock" ]
  rm "$NX_DATA_PATH/.builder.lock"
  run nexuslims build-records
  assert_success
}

@test "children do not inherit the lock" {
  cat >"$BATS_TEST_TMPDIR/bin/nx-find-files" <<'SCRIPT'
#!/bin/bash
ls -l /proc/$$/fd >"$FAKE/descriptors"
exec cat
SCRIPT
  run nexuslims build-records
  assert_success
  run cat "$FAKE/descriptors"
  assert_output --partial ' 0 -> '
  refute_output --partial .builder.lock
}

# ------------------------------------------------------------------------------------------------------------ signals

# interrupted_by TERM: starts a run whose nx-find-files waits, sends the signal to the dispatcher alone, and sets $code.
interrupted_by() {
  : >"$FAKE/nx-find-files.waits"
  # Background children of a script ignore SIGINT; python gives it its default meaning back.
  python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
    nexuslims build-records >"$FAKE/out" 2>"$FAKE/err" 3>&- &
  local run=$!
  wait_for "$FAKE/nx-find-files.ready"
  kill "-$1" "$run"
  code=0
  wait "$run" || code=$?
}

@test "SIGTERM is passed on, the stages end, the lock is free and the exit status is 143" {
  interrupted_by TERM
  assert_equal "$code" 143
  run cat "$FAKE/signals"
  assert_output 'nx-find-files got a signal'
  run cat "$FAKE/err"
  assert_output --partial ' nexuslims WARNING: stopping after signal 15 (Terminated)'
  flock -n "$NX_DATA_PATH/.builder.lock" true
  [ ! -s "$NX_DATA_PATH/.builder.lock" ]
}

@test "SIGINT ends the run with 130" {
  interrupted_by INT
  assert_equal "$code" 130
}

@test "nx-db log-results gets no signal: it stores what is finished and ends with its input" {
  interrupted_by TERM
  [ -e "$FAKE/nx-db-log-results.in" ]
}

@test "an interrupted harvest does not begin to build" {
  : >"$FAKE/nx-harvest-events.waits"
  nexuslims build-records >"$FAKE/out" 2>"$FAKE/err" 3>&- &
  wait_for "$FAKE/nx-harvest-events.ready"
  kill -TERM $!
  wait $! || code=$?
  assert_equal "$code" 143
  run grep -c pending "$FAKE/calls"
  assert_output 0
}

@test "a dispatcher that is killed takes its stages with it, and the next run takes the lock over" {
  : >"$FAKE/nx-find-files.waits"
  nexuslims build-records >"$FAKE/out" 2>&1 3>&- &
  wait_for "$FAKE/nx-find-files.ready"
  kill -KILL $!
  wait $! || true
  wait_for "$FAKE/signals"
  rm "$FAKE/nx-find-files.waits"
  run nexuslims build-records
  assert_success
  assert_output --partial 'taking over the lock'
}
