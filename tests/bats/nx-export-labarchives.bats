#!/usr/bin/env bats
# nx-export and LabArchives, which can replace nothing: what is left on a page, and what is added to it.
load lib
load nx-export
bats_require_minimum_version 1.5.0

@test "LabArchives: a page that an attempt left is finished, not made again, though another destination has the record" {
  faults '[{"at":"POST /la/api/entries/add_entry","times":1,"status":400}]'
  start_repositories --faults faults.json
  use cdcs labarchives
  line=$(nx-export 2>/dev/null < <(session 101))
  run pages
  assert_output "page"
  run --separate-stderr nx-export < <(built_again "$line" '.uploads[1].metadata = {}')
  assert_json .status COMPLETED
  run pages
  assert_output "page+t+A"
}

@test "LabArchives: a re-export that failed half way is finished on its own page, not taken for done with the older one" {
  faults '[{"at":"POST /la/api/entries/add_attachment","times":1,"after":true,"status":200,"body":"<entries><entry><eid>e1</eid></entry></entries>"},
           {"at":"POST /la/api/entries/add_attachment","times":1,"status":400}]'
  start_repositories --faults faults.json
  use labarchives
  line=$(nx-export < <(session 101))
  line=$(built_again "$line" | nx-export 2>/dev/null)
  run pages
  assert_output "page+t+A page+t"
  run --separate-stderr nx-export < <(built_again "$line")
  assert_json .status COMPLETED
  run pages
  assert_output "page+t+A page+t+A"
}

@test "LabArchives: a re-export that failed before it had a page gets one beside the older one" {
  start_repositories
  use labarchives
  line=$(nx-export < <(session 101))
  run --separate-stderr nx-export < <(built_again "$line" '.uploads[0] |= (.success = false | .metadata = {})')
  assert_json .status COMPLETED
  run pages
  assert_output "page+t+A page+t+A"
}

@test "more previews than LabArchives takes at once are spread over entries, and all arrive" {
  mkdir data/T
  for ((i = 0; i < 12; i++)); do head -c 150000 /dev/urandom >"data/T/$i.dm3.thumb.png"; done
  head -c 3000000 /dev/urandom >data/T/3.dm3.thumb.png
  put_record 101 12
  start_repositories
  use labarchives
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  assert_json '.exports[0].warnings|join(" ")' "the preview of 3.dm3 is too large for LabArchives and was left out"
  run state '[([.entries[].images]|add), ([.entries[].bytes|select(. > 900000)]|length)] | map(tostring) | join(" ")'
  assert_output "11 0"
}

# killed_after_one_of_three — a record of twelve previews gives three text entries and an attachment; the first arrived
killed_after_one_of_three() {
  mkdir data/T
  for ((i = 0; i < 12; i++)); do head -c 150000 /dev/urandom >"data/T/$i.dm3.thumb.png"; done
  put_record 101 12
  faults '[{"at":"POST /la/api/entries/add_entry","times":1,"after":true,"status":200,"body":"<entries><entry><eid>e1</eid></entry></entries>"},
           {"at":"POST /la/api/entries/add_entry","times":1,"do":"silence"}]'
  start_repositories --faults faults.json --log requests
  use labarchives
  nx-export < <(session 101) >out 2>err 3>&- &
  child=$!
  for _ in $(seq 200); do [ "$(grep -c add_entry requests)" = 2 ] && break; sleep 0.05; done
  kill -KILL "$child"
  wait "$child" || true
}

@test "LabArchives: a run that was killed between the entries of a record is carried on behind those that arrived" {
  killed_after_one_of_three
  run pages
  assert_output "page+t"
  run --separate-stderr nx-export < <(session 101 '.export_mode = "retry"')
  assert_json .status COMPLETED
  assert_json '.exports[0].warnings | length' 0
  run state '.entries | map(.type[0:1] + (.images | tostring)) | join(" ")'
  assert_output "t4 t4 t4 A0"
  put_record 101 12
  run --separate-stderr nx-export < <(session 101 '.export_mode = "retry"')
  assert_json .status COMPLETED
  run pages
  assert_output "page+t+t+t+A"
}

# note TEXT: somebody writes it on the page
note() {
  local page
  page=$(state '.nodes[] | select(.is_page) | .id')
  python3 - "${ROOT}la/api/entries/add_entry?akid=x&sig=y" "$1" "$page" <<'PY'
import sys, urllib.parse, urllib.request
form = {"entry_data": sys.argv[2], "part_type": "text entry", "pid": sys.argv[3]}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
opener.open(sys.argv[1], urllib.parse.urlencode(form).encode()).read()
PY
}

@test "LabArchives: what people wrote on a page that was left is not taken for entries of the record" {
  killed_after_one_of_three
  note '<p>Files are on the share</p>'
  note ''
  run --separate-stderr nx-export < <(session 101 '.export_mode = "retry"')
  assert_json .status COMPLETED
  assert_json '.exports[0].warnings | length' 0
  run state '.entries | map(.type[0:1] + (.images | tostring)) | join(" ")'
  assert_output "t4 t0 t0 t4 t4 A0"
}

@test "LabArchives: a note on an empty page is not the record's text" {
  faults '[{"at":"POST /la/api/entries/add_entry","times":1,"status":400}]'
  start_repositories --faults faults.json
  use labarchives
  nx-export < <(session 101) >out 2>err
  note '<p>my note</p>'
  run --separate-stderr nx-export < <(session 101 '.export_mode = "retry"')
  assert_json .status COMPLETED
  run state '.entries | map(.html // "" | .[0:20]) | join("|")'
  assert_output "<p>my note</p>|<h1>NexusLIMS Micros|"
}

@test "a list of a hundred thousand files is spread over entries too" {
  put_record 101
  python3 - "$RECORD" <<'PY'
import sys
with open(sys.argv[1], "w") as file:
    file.write('<Experiment><acquisitionActivity>')
    file.writelines(f"<dataset><location>/Titan/{number:08}.dm3</location></dataset>" for number in range(100000))
    file.write('</acquisitionActivity></Experiment>')
PY
  start_repositories
  use labarchives
  run --separate-stderr nx-export < <(session 101)
  assert_json .status COMPLETED
  run state '[([.entries[]|select(.type == "text entry")]|length > 1), ([.entries[]|select(.type == "text entry").bytes|select(. > 900000)]|length)] | map(tostring) | join(" ")'
  assert_output "true 0"
}
