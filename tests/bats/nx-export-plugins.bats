#!/usr/bin/env bats
# nx-export and programs of one's own: nx-export-NAME on PATH is a destination.
load lib
load nx-export
bats_require_minimum_version 1.5.0

setup() {
  scene
  put_record 101
  mkdir programs
  PATH=$PWD/programs:$PATH
}

# plugin NAME — the script on standard input becomes nx-export-NAME
plugin() {
  { echo '#!/bin/sh'; cat; } >"programs/nx-export-$1"
  chmod +x "programs/nx-export-$1"
}

good() {
  cat <<'SH'
[ "$1" = --describe ] && exit 3
cat >"$0.request"
env >"$0.env"
echo '{"kind":"export_result","destination_name":"'"${0##*nx-export-}"'","success":true,"record_id":7,"record_url":"https://x.example/7"}'
SH
}

@test "the example in share/examples keeps a copy in a folder" {
  cp "$NX_SOURCE/share/examples/nx-export-folder" programs
  mkdir shelf
  export FOLDER_TARGET=$PWD/shelf
  run --separate-stderr nx-export < <(session 101)
  assert_success
  assert_json .status COMPLETED
  assert_json '.exports[0] | [.destination_name, .record_id] | join(" ")' "folder 2025-01-27_Titan_101.xml"
  cmp shelf/2025-01-27_Titan_101.xml data/records/uploaded/2025-01-27_Titan_101.xml
  [ "$(ls -A shelf | wc -l)" = 1 ]
}

@test "the example answers a validation, says what failed, and is off without its setting" {
  cp "$NX_SOURCE/share/examples/nx-export-folder" programs
  export FOLDER_TARGET=$PWD/shelf
  run --separate-stderr nx-export <<<'{"kind":"export_request","destination":"folder","mode":"validate","context":{}}'
  assert_json .valid false
  assert_json .error "nx-export-folder: there is no folder $PWD/shelf"
  run --separate-stderr nx-export < <(session 101)
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message | test("^nx-export-folder: .*No such file or directory")' true
  mkdir shelf
  run --separate-stderr nx-export <<<'{"kind":"export_request","destination":"folder","mode":"validate","context":{}}'
  assert_json .valid true
  as_bound_user "$PWD/programs/nx-export-folder"
  chmod 555 shelf
  run "${as[@]}" "$PWD/programs/nx-export-folder" <<<'{"mode":"validate"}'
  assert_json .error "$PWD/shelf is not writable"
  unset FOLDER_TARGET
  NX_SITE_PATH=$PWD/site run --separate-stderr nx-export < <(session 101)
  assert_json '[.exports[].destination_name] | join(" ")' site
}

@test "a program that does not describe itself gets one request and has priority 50" {
  plugin lab < <(good)
  run --separate-stderr nx-export -v < <(session 101)
  assert_json .status COMPLETED
  assert_json '.exports[0] | [.record_id, .record_url] | join(" ")' "7 https://x.example/7"
  assert_regex "$stderr" "Exporting to lab \(priority=50\)"
  run jq -r '[.kind, .destination, .mode, .context.instrument_pid, .context.xml_file_path] | join(" ")' programs/nx-export-lab.request
  assert_output "export_request lab export Titan $RECORD"
}

@test "what an editor or the packages left of a program is no destination" {
  for name in lab lab.v2 orig lab~ lab.~1~ '#lab#' lab.bak lab.ORIG lab.dpkg-old lab.rpmsave lab.ucf-dist; do plugin "$name" < <(good); done
  run --separate-stderr nx-export -vv < <(session 101)
  assert_success
  assert_json '[.exports[].destination_name] | join(" ")' "lab lab.v2 orig"
  assert_regex "$stderr" "DEBUG: $PWD/programs/nx-export-lab.dpkg-old is passed over: its name is that of a copy"
}

@test "a copy that somebody made of a program is no destination, one whose name speaks of something else is" {
  for name in lab lab-2.1 lab.2024 lab.bakery old backup-tape copyright lab.backup lab.backup2 lab.disabled 'lab (copy)' 'lab (Kopie 2)' \
    'lab - Copy' lab.bak.1 lab.bak2 lab.tmp lab.old lab.old.2 lab.copy lab.OFF; do plugin "$name" < <(good); done
  run --separate-stderr nx-export < <(session 101)
  assert_success
  assert_json '[.exports[].destination_name] | sort | join(" ")' "backup-tape copyright lab lab-2.1 lab.2024 lab.bakery old"
}

@test "programs take their place by priority, then name, and see the results before them" {
  for name in b a; do plugin $name < <(good); done
  plugin last <<'SH'
[ "$1" = --describe ] && echo '{"kind":"destination","name":"last","priority":-5,"enabled":true}' && exit
cat >"$0.request"
echo '{"kind":"export_result","success":true}'
SH
  plugin first <<'SH'
[ "$1" = --describe ] && echo '{"kind":"destination","name":"first","priority":500}' && exit
echo '{"kind":"export_result","success":true}'
SH
  plugin off <<'SH'
echo '{"kind":"destination","name":"off","enabled":false}'
SH
  run --separate-stderr nx-export < <(session 101)
  assert_json '[.exports[].destination_name] | join(" ")' "first a b last"
  run jq -r '.context.previous_results | keys | join(" ")' programs/nx-export-last.request
  assert_output "a b first"
}

# failing_plugin — the script on standard input; the others still get the record
failing_plugin() {
  plugin bad
  plugin good < <(good)
  put_record 101
  run --separate-stderr nx-export < <(session 101)
  assert_success
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].success' false
  assert_json '.exports[1].success' true
}

@test "an exit status, a signal, garbage and no answer are failed results that say so" {
  failing_plugin <<<'[ "$1" = --describe ] || exit 17'
  assert_json '.exports[0].error_message' "nx-export-bad ended with exit status 17; its own messages are in the log"
  failing_plugin <<<'[ "$1" = --describe ] || kill -SEGV $$'
  assert_json '.exports[0].error_message' "nx-export-bad was ended by signal 11 (Segmentation fault)"
  failing_plugin <<<'echo garbage; echo "{"; head -c 100000 /dev/urandom'
  assert_json '.exports[0].error_message' "nx-export-bad printed 0 export_result lines instead of one"
  failing_plugin <<<':'
  assert_json '.exports[0].error_message' "nx-export-bad printed 0 export_result lines instead of one"
  failing_plugin <<<'for i in 1 2; do echo "{\"kind\":\"export_result\",\"success\":true}"; done'
  assert_json '.exports[0].error_message' "nx-export-bad printed 2 export_result lines instead of one"
  failing_plugin <<<'echo "{\"kind\":\"export_result\",\"success\":\"yes\"}"'
  assert_json '.exports[0].error_message' "nx-export-bad printed an export_result line without 'success' true or false"
  failing_plugin <<<'echo "{\"kind\":\"export_result\",\"destination_name\":\"other\",\"success\":true}"'
  assert_json '.exports[0].error_message' "nx-export-bad answered for the destination 'other'"
  failing_plugin <<<'echo "{\"kind\":\"export_result\",\"success\":true}"; exit 1'
  assert_json '.exports[0].error_message' "nx-export-bad ended with exit status 1; its own messages are in the log"
}

# talker JQ-FILTER — a destination whose result has that too
talker() {
  plugin talker <<SH
jq -cn '{kind: "export_result", success: true} + $1'
SH
}

@test "an id, an address and metadata that no line could carry make a failed result, and warnings have an end" {
  talker '{record_id: ("x" * 2001)}'
  run --separate-stderr nx-export < <(session 101)
  assert_success
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0] | [.success, .record_id, .error_message] | map(tostring) | join(" ")' \
    "false null talker answered with a record id of 2001 bytes; at most 2000 are taken"
  talker '{record_id: ("x" * 2000), record_url: ("https://x.example/" + "y" * 2000)}'
  run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0].error_message' "talker answered with a record address of 2018 bytes; at most 2000 are taken"
  talker '{success: false, error_message: "no", metadata: {a: ("z" * 70000)}}'
  run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0] | [.error_message, .metadata] | map(tostring) | join(" ")' "nx-export-talker: no {}"
  assert_regex "$stderr" "WARNING: talker left 700[0-9]{2} bytes of metadata behind, which are not kept: at most 65536 are"
  talker '{success: false, error_message: "no", metadata: {page: 7}}'
  run --separate-stderr nx-export < <(session 101)
  before=$output
  talker '{success: false, error_message: "no", metadata: {a: ("z" * 70000)}}'
  run --separate-stderr nx-export < <(again "$before")
  assert_json '.exports[0].metadata | tostring' '{"page":7}'
  talker '{record_id: ("x" * 2000), warnings: [range(5000) | "w"]}'
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  assert_json '.exports[0] | [(.record_id | length), (.warnings | length)] | map(tostring) | join(" ")' "2000 100"
}

@test "a program that gives no address is logged by its id, or by its name alone" {
  talker '{record_id: 7}'
  run --separate-stderr nx-export -v < <(session 101)
  assert_success
  assert_regex "$stderr" $'INFO: Exported to talker: 7\n'
  put_record 101
  talker '{}'
  run --separate-stderr nx-export -v < <(session 101)
  assert_regex "$stderr" $'INFO: Exported to talker\n'
}

@test "what a failed attempt says it left behind comes back with the retry" {
  plugin lab <<'SH'
[ "$1" = --describe ] && exit
cat >>"$0.requests"
echo '{"kind":"export_result","success":false,"error_message":"half done","metadata":{"draft":"d7"},"warnings":["slow today"]}'
SH
  run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0] | [.error_message, .metadata.draft, .warnings[0]] | join("|")' "nx-export-lab: half done|d7|slow today"
  nx-export < <(again "$output") >/dev/null 2>&1
  run jq -rs '.[1] | [.mode, .context.metadata.draft] | join(" ")' programs/nx-export-lab.requests
  assert_output "retry d7"
}

@test "a program that hangs is ended with its children when its time is up" {
  plugin bad <<'SH'
[ "$1" = --describe ] && exit
sleep 1000 &
echo $! >"$0.child"
sleep 1000
SH
  plugin good < <(good)
  NX_TEST_TIME_SCALE=0.001 run --separate-stderr nx-export < <(session 101)
  assert_json '.exports[0].error_message' "nx-export-bad did not finish within 900 s and was ended"
  assert_json '.exports[1].success' true
  assert_ends "$(cat programs/nx-export-bad.child)"
}

@test "a signal interrupts the export at hand and postpones its session, which is no error" {
  plugin slow <<'SH'
[ "$1" = --describe ] && exit 3
: >started
sleep 60
SH
  nx-export -v < <(session 101) >out 2>err 3>&- &
  child=$!
  for _ in $(seq 200); do [ -e started ] && break; sleep 0.05; done
  kill -TERM "$child"
  ended=0
  wait "$child" || ended=$?
  [ $ended = 1 ]
  run cat out
  assert_json '[.status, .postponed.message] | join(": ")' 'TO_BE_BUILT: interrupted while exporting'
  run cat err
  assert_line --partial ' INFO: Export to slow failed: nx-export-slow was interrupted'
  assert_line --partial ' INFO: session https://nemo.example.com/api/usage_events/?id=101: interrupted while exporting (will be tried again)'
  refute_line --regexp ' ERROR: |^Error: '
}

@test "a program that fills the pipe or reads nothing is no trouble" {
  failing_plugin <<<'[ "$1" = --describe ] || yes'
  assert_json '.exports[0].error_message' "nx-export-bad wrote more than 40 MiB and was ended"
}

@test "a program sees its own settings, and no secret of another destination" {
  plugin lab < <(good)
  export NX_LAB_TOKEN=mine NX_ELABFTW_API_KEY=1-elabftw-secret-key NX_NEMO_TOKEN_1=nemo-secret NX_EMAIL_SMTP_PASSWORD=mail-secret \
    NX_LABARCHIVES_ACCESS_PASSWORD=labarchives-secret NX_DB_PATH=postgresql://user:db-secret@host/db \
    NX_ELABFTW_URL=https://user:key-secret@eln.example.com/
  run --separate-stderr nx-export < <(session 101)
  run cat programs/nx-export-lab.env
  assert_line NX_LAB_TOKEN=mine
  assert_line "NX_DATA_PATH=$NX_DATA_PATH"
  refute_output --regexp "(key|nemo|mail|labarchives|db)-secret|-secret-key"
}

@test "a program named like a destination of ours is not used" {
  plugin site < <(good)
  NX_SITE_PATH=$PWD/site run --separate-stderr nx-export < <(session 101)
  assert_json '.exports | length' 1
  [ -e site/index.html ]
  assert_regex "$stderr" "nx-export-site is ignored: site is a destination of NexusLIMS itself"
}
