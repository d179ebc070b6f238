#!/usr/bin/env bats
# nx-export -j: several records at once.
load lib
load nx-export
bats_require_minimum_version 1.5.0

setup() {
  scene
  export NX_TEST_TIME_SCALE=0
}

sessions() {
  for number in $(seq "$1"); do
    put_record "$number"
    session "$number" "${2:-.}"
  done >sessions.jsonl
}

@test "records that are sent side by side arrive each once, with every destination in order" {
  sessions 40 '.reservation = {username: "ned", user_email: "ned@example.org"}'
  start_repositories --delay 5
  use cdcs elabftw labarchives
  export NX_SITE_PATH=$PWD/site NX_CDCS_USER_OWNED_RECORDS=true
  run --separate-stderr nx-export -j 8 <sessions.jsonl
  assert_success
  [ "${#lines[@]}" = 40 ]
  assert_equal "$(jq -rs '[.[]|.status]|unique|join(" ")' <<<"$output")" COMPLETED
  assert_equal "$(jq -rs '[.[].exports|map(.destination_name)|join(" ")]|unique|join("|")' <<<"$output")" "site cdcs labarchives elabftw"
  assert_equal "$(jq -rs '[.[].session_identifier]|unique|length' <<<"$output")" 40
  run state '[(.cdcs|length), (.users|length), (.elabftw|length), ([.nodes[]|select(.is_page|not)]|length), ([.nodes[]|select(.is_page)]|length),
    (.entries|length)] | map(tostring) | join(" ")'
  assert_output "40 1 40 2 40 80"
  run grep -c '"name"' site/records.js
  assert_output 40
}

@test "a catalogue that another program has locked holds nobody up who is to end" {
  sessions 2
  export NX_SITE_PATH=$PWD/site
  mkdir site
  mkfifo locked
  flock --no-fork site/.lock sh -c 'echo >locked; exec sleep 60' 3>&- &
  holder=$!
  read -r _ <locked
  nx-export -j 2 <sessions.jsonl >out 2>err 3>&- &
  child=$!
  until grep -qs . "/proc/$child/task/"*/comm && [ "$(ls "/proc/$child/task" | wc -l)" -ge 3 ]; do sleep 0.05; done
  kill -TERM "$child"
  status=0
  timeout 20 tail --pid="$child" -f /dev/null || status=$?
  kill "$holder"
  [ "$status" = 0 ]
}

@test "nothing more is exported once the output is gone" {
  sessions 12
  export NX_SITE_PATH=$PWD/site
  run bash -c 'nx-export -j 2 <sessions.jsonl >/dev/full'
  assert_failure
  [ "$(ls site/records | wc -l)" -lt 8 ]
}

@test "with one job the lines keep their order, with more each comes out when it is done" {
  sessions 10
  start_repositories --delay 5
  use elabftw
  run --separate-stderr nx-export -j 1 <sessions.jsonl
  assert_equal "$(jq -r .session_identifier <<<"$output")" "$(jq -r .session_identifier sessions.jsonl)"
}

@test "a line is written before the next one is there" {
  sessions 1
  start_repositories
  use elabftw
  mkfifo in
  nx-export -j 4 <in >out 2>err &
  child=$!
  exec 9>in
  cat sessions.jsonl >&9
  for _ in $(seq 100); do [ -s out ] && break; sleep 0.05; done
  run cat out
  exec 9>&-
  wait "$child"
  assert_json .status COMPLETED
}

@test "a line that cannot be read ends the run after what came before is done" {
  sessions 5
  echo '{"kind":"session"}' >>sessions.jsonl
  start_repositories
  use elabftw
  run --separate-stderr nx-export -j 3 <sessions.jsonl
  assert_failure 2
  [ "${#lines[@]}" = 5 ]
  assert_regex "$stderr" "line 6: key 'session_identifier' is missing"
}

@test "a signal ends the run, and every line that was read comes out" {
  sessions 20
  faults '[{"at":"POST /eln","do":"silence"}]'
  start_repositories --faults faults.json
  use elabftw
  nx-export -j 4 < <(exec 3>&-; cat sessions.jsonl; exec sleep 60) >out 2>err &
  child=$!
  for _ in $(seq 100); do [ "$(state .requests)" -ge 4 ] && break; sleep 0.05; done
  kill -TERM "$child"
  wait "$child" || true
  run jq -rs '[.[].postponed.message] | unique | join("|")' out
  assert_output "interrupted while exporting"
  refute_regex "$(cat err)" ' ERROR: |Error: '
  [ "$(wc -l <out)" -ge 4 ]
}

@test "-j wants a number from 1 to 64" {
  for number in 0 65 x; do
    run nx-export -j "$number" </dev/null
    assert_failure 2
  done
}

@test "output that nobody reads ends the run" {
  sessions 30
  start_repositories
  use elabftw
  run --separate-stderr bash -c 'set -o pipefail; nx-export -j 4 <sessions.jsonl | head -n 1 >/dev/null'
  assert_failure 2
}
