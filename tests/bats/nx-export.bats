#!/usr/bin/env bats
# nx-export: lines in, lines out; the local catalogue; what a user sees when something is wrong.
load lib
bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  mkdir data instruments data/records
  export NX_DATA_PATH=$PWD/data NX_INSTRUMENT_DATA_PATH=$PWD/instruments NX_SITE_PATH=$PWD/site
  RECORD=$PWD/data/records/2025-01-27_Titan_101.xml
}

# record TITLE — a small record with one dataset whose preview is there
record() {
  mkdir -p data/Titan
  printf 'png' >data/Titan/a.dm3.thumb.png
  printf '{"nx_meta":{}}' >data/Titan/a.dm3.json
  cat >"$RECORD" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<Experiment xmlns="https://data.nist.gov/od/dm/nexus/experiment/v1.0">
  <title>$1</title><id>101</id>
  <summary ref="javascript:alert(1)"><experimenter>Ned &lt;b&gt;Land</experimenter><instrument pid="Titan">FEI Titan</instrument></summary>
  <sample id="x"><name>Gold</name></sample>
  <acquisitionActivity seqno="0"><startTime>2025-01-27T10:00:00-05:00</startTime><setup><param name="Voltage" unit="kV">300.0</param></setup>
    <dataset type="Image" role="Experimental"><name>a.dm3</name><location>/Titan/a.dm3</location><preview>/Titan/a.dm3.thumb.png</preview><meta name="Operator" warning="true">&lt;script&gt;</meta></dataset>
  </acquisitionActivity>
</Experiment>
XML
}

session() {
  jq -cn --arg record "$RECORD" --arg status "${1:-TO_BE_BUILT}" '{kind:"session",session_identifier:"https://nemo.example.com/api/usage_events/?id=101",
    instrument:{instrument_pid:"Titan",timezone:"America/New_York"},start:"2025-01-27T10:00:00-05:00",end:"2025-01-27T11:00:00-05:00",
    user:"ned",status:$status,export_mode:"export",uploads:[],record:{path:$record,activities:1,datasets:1}}'
}

@test "a record becomes a page with its preview, metadata, XML and JSON, and moves to uploaded" {
  record "Gold on carbon"
  run --separate-stderr nx-export < <(session)
  assert_success
  assert_json .status COMPLETED
  assert_json '.exports[0].destination_name' site
  assert_json .uploaded_path "$PWD/data/records/uploaded/2025-01-27_Titan_101.xml"
  page=site/records/2025-01-27_Titan_101
  [ -f "$page/index.html" ]
  [ -f "$page/record.xml" ]
  [ -f "$page/files/0.json" ]
  [ "$(cat "$page/files/0.png")" = png ]
  [ "$(jq -r '.acquisitionActivity[0].dataset[0].meta[0].name' "$page/record.json")" = Operator ]
  xmllint --noout site/feed.atom
}

@test "a file whose preview or metadata cannot be got at costs the page these alone" {
  local long loop
  long=$(printf 'x%.0s' {1..252}) # the name fits in a folder, with .json behind it no more
  record "Gold on carbon"
  ln -s loop.dm3.json data/Titan/loop.dm3.json
  mkdir data/Titan/folder.dm3.thumb.png
  sed -i "s#.*<dataset.*#&<dataset><name>b</name><location>/Titan/$long</location></dataset>\
<dataset><name>c</name><location>/Titan/loop.dm3</location></dataset>\
<dataset><name>d</name><location>/Titan/folder.dm3</location><preview>/Titan/folder.dm3.thumb.png</preview></dataset>#" "$RECORD"
  run --separate-stderr nx-export < <(session)
  assert_success
  assert_json .status COMPLETED
  [ "$(wc -l <<<"$stderr")" = 3 ] || fail "$stderr"
  for file in "$long.json" loop.dm3.json folder.dm3.thumb.png; do
    [[ "$stderr" == *"WARNING: $PWD/data/Titan/$file is left out of the catalogue: "* ]] || fail "$stderr"
  done
  run ls site/records/2025-01-27_Titan_101/files
  assert_output "0.json
0.png"
}

# outsiders — a record whose files would lie outside of the two roots, beside which there are such files
outsiders() {
  echo '{"secret":1}' >outside.json
  echo secret >outside.thumb.png
  cp outside.json instruments/inside.json
  cat >"$RECORD" <<XML
<Experiment xmlns="https://data.nist.gov/od/dm/nexus/experiment/v1.0"><title>T</title><acquisitionActivity seqno="0">
<dataset><name>a</name><location>../outside</location></dataset>
<dataset><name>b</name><location>/T/..%2F../outside</location><preview>../outside.thumb.png</preview></dataset>
<dataset><name>c</name><location>%2e%2e/outside</location><preview>/../outside.thumb.png</preview></dataset>
<dataset><name>d</name><location>/T/../inside</location><preview>%2e%2e/outside.thumb.png</preview></dataset>
<dataset><name>e</name><location>/T/e..</location><preview>/..T/e.thumb.png</preview></dataset>
</acquisitionActivity></Experiment>
XML
}

@test "files that a record looks for outside of the two roots reach neither the catalogue nor a repository" {
  outsiders
  mkdir data/..T plug-ins
  printf 'png' >data/..T/e.thumb.png
  printf '#!/bin/sh\ncat >"%s/request"\necho '"'"'{"kind":"export_result","success":true}'"'"'\n' "$PWD" >plug-ins/nx-export-dump
  chmod +x plug-ins/nx-export-dump
  PATH=$PWD/plug-ins:$PATH run --separate-stderr nx-export < <(session)
  assert_success
  assert_json .status COMPLETED
  assert_regex "$stderr" "WARNING: preview '../outside.thumb.png' of the record leads out of $PWD/data and is left out"
  run find site/records/*/files -type f -printf '%f\n'
  assert_output 4.png
  assert_equal "$(jq -c '[.context.activities[] | .files, .previews]' request)" \
    "[[null,null,null,null,\"$PWD/instruments/T/e..\"],[null,null,null,null,\"$PWD/data/..T/e.thumb.png\"]]"
}

@test "a preview that its owner keeps from others costs the page this preview alone" {
  record "Gold on carbon"
  as_bound_user "$RECORD"
  chmod -R a+rwX .
  chmod 0 data/Titan/a.dm3.thumb.png
  run --separate-stderr "${as[@]}" nx-export < <(session)
  assert_success
  assert_json .status COMPLETED
  [[ "$stderr" == *"WARNING: $PWD/data/Titan/a.dm3.thumb.png is left out of the catalogue: Permission denied" ]] || fail "$stderr"
}

@test "a preview that is a symbolic link is in the catalogue as the picture that it leads to" {
  record "Gold on carbon"
  mv data/Titan/a.dm3.thumb.png data/Titan/kept.png
  ln -s kept.png data/Titan/a.dm3.thumb.png
  run nx-export < <(session)
  assert_success
  assert_json .status COMPLETED
  run find site/records/2025-01-27_Titan_101/files -name 0.png -type f
  assert_output site/records/2025-01-27_Titan_101/files/0.png
  cmp data/Titan/kept.png site/records/2025-01-27_Titan_101/files/0.png
}

@test "a records folder that is itself named uploaded has an uploaded folder like any other" {
  export NX_RECORDS_PATH=$PWD/uploaded
  mkdir uploaded
  RECORD=$PWD/uploaded/2025-01-27_Titan_101.xml
  record "Gold on carbon"
  run --separate-stderr nx-export < <(session)
  assert_json .uploaded_path "$PWD/uploaded/uploaded/2025-01-27_Titan_101.xml"
  [ -f "$PWD/uploaded/uploaded/2025-01-27_Titan_101.xml" ]
  run --separate-stderr nx-export --reexport < <(session COMPLETED)
  assert_json .uploaded_path "$PWD/uploaded/uploaded/2025-01-27_Titan_101.xml"
}

@test "the page shows paths as they are, not as they are encoded" {
  record "Gold on carbon"
  sed -i 's|<location>.*</location>|<location>/Titan/100%25%20gold%20%3Cb%3E%20%CE%B3.dm3</location>|' "$RECORD"
  nx-export < <(session) >/dev/null
  run grep -o '<p class="path"[^>]*>[^<]*' site/records/2025-01-27_Titan_101/index.html
  assert_output --regexp '>/Titan/100% gold &lt;b&gt; γ.dm3'
}

@test "text of users is text in the page, and only web addresses become links" {
  record '&lt;script&gt;alert(1)&lt;/script&gt;'
  run nx-export < <(session)
  assert_success
  run grep -c '<script>' site/records/2025-01-27_Titan_101/index.html
  assert_output 0
  run grep -c 'javascript:' site/records/2025-01-27_Titan_101/index.html
  assert_output 0
}

@test "publishing a record twice leaves one page and one line in the index" {
  record "First"
  nx-export < <(session) >/dev/null
  record "Second"
  nx-export < <(session) >/dev/null
  run grep -c '"name"' site/records.js
  assert_output 1
  run grep -o '"title":"[^"]*"' site/records.js
  assert_output '"title":"Second"'
  run ls site/records
  assert_output 2025-01-27_Titan_101
}

@test "a lost index is made again from the pages" {
  record "One"
  nx-export < <(session) >/dev/null
  echo 'nexuslimsRecords([' >site/records.js
  RECORD=$PWD/data/records/2025-01-28_Titan_102.xml
  record "Two"
  nx-export < <(session) >/dev/null
  run grep -c '"name"' site/records.js
  assert_output 2
}

@test "what a killed run left half made is gone after the next record" {
  record "One"
  mkdir -p site/records/.unfinished/2025-01-01_X_1/new/files
  nx-export < <(session) >/dev/null
  run ls -A site/records
  assert_output 2025-01-27_Titan_101
}

# traceable — skips where strace cannot trace
traceable() {
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null nx-export --help >/dev/null 2>&1 || skip "strace cannot trace here"
}

# killed NUMBER CALLS [OPTION…] — nx-export with the session, killed right before the call of that number; FALSE when it ended before
killed() {
  local number=$1 calls=$2
  shift 2
  ASAN_OPTIONS=detect_leaks=0 run --separate-stderr strace -f -qq -o /dev/null -e "inject=$calls:signal=KILL:when=$number" "$@" nx-export < <(session)
  [ "$status" = 137 ]
}

# listed — the names in both files of the list, each once
listed() {
  cat site/records.js site/records-older.js 2>/dev/null | grep -o '^{"name":"[^"]*"' | sort -u
}

# other_record NUMBER — another one than the first, published
other_record() {
  RECORD=$PWD/data/records/2025-01-28_Titan_$1.xml
  record "Other"
  nx-export < <(session) >/dev/null
  RECORD=$PWD/data/records/2025-01-27_Titan_101.xml
}

@test "whenever a run is killed, the next record finds every page whole and lists it" {
  traceable
  local call number points=0
  other_record 100
  cp -a site before
  for call in mkdir rename renameat2 unlink unlinkat rmdir fsync; do
    for number in $(seq 100); do
      rm -rf site
      cp -a before site
      record "One"
      killed "$number" "$call" || break
      points=$((points + 1))
      other_record 102
      run ls -A site/records
      refute_line .unfinished
      assert_equal "$(for page in "${lines[@]}"; do echo "{\"name\":\"$page\""; done)" "$(listed)"
      for page in "${lines[@]}"; do
        xmllint --noout "site/records/$page/record.xml"
        grep -q '</html>' "site/records/$page/index.html"
      done
    done
    assert_json .status COMPLETED
  done
  [ "$points" -gt 20 ]
}

@test "whenever a file cannot get its name, the session is not exported, and the next record lists every page" {
  traceable
  local number
  other_record 100
  cp -a site before
  for number in $(seq 100); do
    rm -rf site
    cp -a before site
    record "One"
    ASAN_OPTIONS=detect_leaks=0 run --separate-stderr strace -f -qq -o /dev/null -e "inject=rename:error=ENOSPC:when=$number" nx-export < <(session)
    [ "$(jq -r .exports[0].success <<<"$output")" = false ] || break
    other_record 102
    run ls -A site/records
    assert_equal "$(for page in "${lines[@]}"; do echo "{\"name\":\"$page\""; done)" "$(listed)"
  done
  [ "$number" -gt 5 ]
}

@test "whenever a run is killed that replaces a page, where folders cannot be exchanged, one of the two is there after the next record" {
  traceable
  local number
  record "First"
  nx-export < <(session) >/dev/null
  cp -a site first
  for number in $(seq 100); do
    rm -rf site
    cp -a first site
    record "Second"
    killed "$number" rename -e inject=renameat2:error=EINVAL || break
    other_record 102
    run ls -A site/records
    assert_output "2025-01-27_Titan_101
2025-01-28_Titan_102"
    run grep -o '<h1[^>]*>[^<]*' site/records/2025-01-27_Titan_101/index.html
    assert_output --regexp '>(First|Second)$'
    title=${output##*>}
    run grep -o '"name":"2025-01-27_Titan_101","title":"[^"]*"' site/records.js
    assert_output "\"name\":\"2025-01-27_Titan_101\",\"title\":\"$title\""
  done
  [ "$number" -gt 5 ]
  assert_json .status COMPLETED
  run grep -o '<h1[^>]*>[^<]*' site/records/2025-01-27_Titan_101/index.html
  assert_output --partial Second
}

@test "a record whose name begins with a dot does not become a page" {
  for name in . .unfinished; do
    RECORD=$PWD/data/records/$name.xml
    record "One"
    run --separate-stderr nx-export < <(session)
    assert_json .status BUILT_NOT_EXPORTED
    assert_json '.exports[0].error_message|test("begins with a dot")' true
  done
}

# large_list COUNT — a catalogue with so many records already, as far as the list goes
large_list() {
  mkdir -p site
  jq -rn --argjson count "$1" '[range($count) | {name: "old_\(.)", title: "Old \(.)", published: "2024-01-01T00:00:00Z"} | tojson] |
    "nexuslimsRecords([\n" + join(",\n") + "\n]);"' >site/records.js
}

# renamed_after NAME: the record is published again, under the name of today, by a session whose record was NAME
renamed_after() {
  RECORD=$PWD/data/records/2025-01-26_Titan_101.xml
  record "Renamed"
  nx-export < <(session | jq -c --arg name "$1" '.export_mode = "reexport" | .uploads = [{destination_name: "site", success: true, record_id: $name}]')
}

@test "a record that got another name leaves no page and no entry under the old one" {
  record "One"
  nx-export < <(session) >/dev/null
  other_record 102
  run --separate-stderr renamed_after 2025-01-27_Titan_101
  assert_json .status COMPLETED
  run ls -A site/records
  assert_output "2025-01-26_Titan_101
2025-01-28_Titan_102"
  assert_equal "$(listed | cut -d'"' -f4 | paste -sd' ')" "2025-01-26_Titan_101 2025-01-28_Titan_102"
  refute grep -q 2025-01-27_Titan site/feed.atom
}

@test "a renamed record leaves the older part of a large list, too, and a name that is none of the catalogue's touches nothing" {
  large_list 1000
  mkdir -p site/records/old_7 outside
  other_record 102
  run --separate-stderr renamed_after old_7
  assert_json .status COMPLETED
  assert_equal "$(listed | wc -l)" 1001
  assert_equal "$(tail -n 1 site/records.js)" "], 1000);"
  refute grep -q '"old_7"' site/records.js site/records-older.js
  for name in ../../outside .unfinished . .. ''; do
    run --separate-stderr renamed_after "$name"
    assert_json .status COMPLETED
  done
  [ -d outside ]
  assert_equal "$(listed | wc -l)" 1001
}

@test "of a large list only the small part is written for a record, and nothing is listed twice or lost" {
  large_list 1000
  record "First"
  nx-export < <(session) >/dev/null
  assert_equal "$(listed | wc -l)" 1001
  [ "$(wc -l <site/records.js)" -lt 100 ]
  assert_equal "$(tail -n 1 site/records.js)" "], 1001);"
  assert_equal "$(grep -c '<entry>' site/feed.atom)" 50
  older=$(stat -c %i site/records-older.js)
  record "Second"
  nx-export < <(session) >/dev/null
  other_record 102
  assert_equal "$(stat -c %i site/records-older.js)" "$older"
  assert_equal "$(listed | wc -l)" 1002
  run grep -o '"name":"2025-01-27_Titan_101","title":"[^"]*"' site/records.js
  assert_output '"name":"2025-01-27_Titan_101","title":"Second"'
  assert_equal "$(grep -c '<entry>' site/feed.atom)" 50
}

@test "a run that is killed while it sets the older part of a large list aside loses nothing" {
  traceable
  local number
  for number in $(seq 100); do
    rm -rf site
    large_list 1000
    record "One"
    killed "$number" rename || break
    other_record 102
    assert_equal "$(listed | wc -l)" $((1000 + $(ls site/records | wc -l)))
  done
  [ "$number" -gt 7 ]
  assert_json .status COMPLETED
  assert_equal "$(listed | wc -l)" 1001
}

@test "a large list that is damaged is made again from the pages" {
  large_list 1000
  other_record 101
  for damage in 'truncate -s 100 site/records-older.js' 'rm site/records-older.js'; do
    $damage
    other_record 102
    assert_equal "$(grep -c '^{"name":"2025-01-28_Titan_10[12]"' site/records-older.js)" 2
    assert_equal "$(tail -n 1 site/records-older.js)" "]);"
  done
}

@test "several programs at once lose nothing of a list that outgrows its file" {
  local children=()
  large_list 990
  record "One"
  for number in $(seq 4); do
    for each in $(seq 5); do
      cp "$RECORD" "data/records/2025-02-0${number}_Titan_$each.xml"
      session | jq -c --arg path "$PWD/data/records/2025-02-0${number}_Titan_$each.xml" '.record.path = $path'
    done >"lines$number"
    nx-export -j 2 <"lines$number" >/dev/null 3>&- &
    children+=($!)
  done
  for child in "${children[@]}"; do
    wait "$child"
  done
  assert_equal "$(listed | wc -l)" 1010
}

@test "a session that has ended passes through to the letter" {
  for status in COMPLETED ERROR NO_FILES_FOUND; do
    line=$(session $status)
    run --separate-stderr nx-export <<<"$line"
    assert_success
    assert_output "$line"
  done
}

@test "a folder that cannot be written fails that destination and says where" {
  record "One"
  export NX_SITE_PATH=/proc/nexuslims
  run --separate-stderr nx-export < <(session)
  assert_success
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message' "cannot make folder /proc/nexuslims/records: No such file or directory"
  [ -f "$RECORD" ]
}

# with_small_disk FOLDER — nx-export of the session, with a small file system of its own in that folder, which is listed in `left` in the end
with_small_disk() {
  unshare --mount true 2>/dev/null || skip 'no mount namespace can be made here'
  mkdir -p "$1"
  session >line
  run --separate-stderr unshare --mount sh -c "mount -t tmpfs -o size=256k tmpfs '$1' || exit 1; nx-export <line; code=\$?; ls -A '$1' >left; exit \$code"
}

@test "a full disk under the catalogue names the file that had no room, and its place" {
  record "One"
  head -c 1000000 /dev/urandom >data/Titan/a.dm3.thumb.png
  with_small_disk "$PWD/site"
  assert_success
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].error_message | test("^cannot copy '"$PWD"'/data/Titan/a.dm3.thumb.png to '"$PWD"'/site/.*/files/0.png: .*No space left on device$")' true
}

@test "a full disk under uploaded/ names the record that stays, and its place" {
  record "One"
  { head -c 1000000 /dev/zero | tr '\0' ' '; echo; } >>"$RECORD"
  with_small_disk "$PWD/data/records/uploaded"
  assert_success
  assert_json .status COMPLETED
  assert_regex "$stderr" "could not be moved to uploaded/: cannot copy $RECORD to $PWD/data/records/uploaded/2025-01-27_Titan_101.xml: .*No space left on device"
  [ -f "$RECORD" ]
  assert_equal "$(cat left)" ''
}

@test "--strict tells by its exit status that a record was not exported" {
  record "One"
  unset NX_SITE_PATH
  export NX_CDCS_URL=http://127.0.0.1:9/ NX_CDCS_TOKEN=secret-token NX_TEST_TIME_SCALE=0
  run --separate-stderr nx-export --strict < <(session)
  assert_failure 3
  assert_json .status BUILT_NOT_EXPORTED
  assert_json '.exports[0].success' false
  [ -f "$RECORD" ]
  [[ $output$stderr != *secret-token* ]]
}

@test "--strict tells of a record that is gone, too, and its session says how to get it back" {
  record "One"
  rm "$RECORD"
  run --separate-stderr nx-export --strict < <(session BUILT_NOT_EXPORTED | jq -c '.export_mode = "retry" | del(.record)')
  assert_failure 3
  assert_json .status BUILT_NOT_EXPORTED
  [[ "$(jq -r .postponed.message <<<"$output")" == *" is neither in "*"; put it back, or build it again"* ]]
}

@test "a line that cannot be read is named by its number, and what came before is done" {
  record "One"
  for bad in 'not json' '{"kind":"thing"}' '{"kind":"session"}' $'{"kind":"\xff"}'; do
    run --separate-stderr nx-export < <(session COMPLETED; printf '%s\n' "$bad")
    assert_failure 2
    [ "${#lines[@]}" = 1 ]
    [[ $stderr == *"line 2:"* ]]
  done
}

@test "a line of 50 MB is refused" {
  run --separate-stderr nx-export < <(head -c 50000000 /dev/zero | tr '\0' ' ')
  assert_failure 2
  [[ $stderr == *"line 1: longer than 40 MiB"* ]]
}

@test "--validate names the destinations that are on, in order, and what each says" {
  NX_CDCS_URL=http://127.0.0.1:1/ NX_CDCS_TOKEN=s3cret-token-0815 NX_TEST_TIME_SCALE=0 run --separate-stderr nx-export --validate
  assert_success
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  assert_line --index 0 '{"kind":"destination","name":"site","priority":110,"enabled":true,"local":true}'
  assert_line --index 1 '{"kind":"destination","name":"cdcs","priority":100,"enabled":true,"local":false}'
  assert_equal "$(jq -c 'select(.destination_name == "site") | .valid' <<<"$output")" true
  assert_equal "$(jq -c 'select(.destination_name == "cdcs") | [.valid, (.error | contains("rest/workspace/read_access/"))]' <<<"$output")" '[false,true]'
  [[ $output$stderr != *s3cret-token-0815* ]]
}
