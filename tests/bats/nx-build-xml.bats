#!/usr/bin/env bats
# nx-build-xml: session lines with files → records (LINES; record-building §7–11).
load lib

setup() {
  cd "$BATS_TEST_TMPDIR" || exit
  mkdir -p bin share data nx
  cp "$NX_BUILD/bin/nx-build-xml" bin/
  ln -s "$NX_BUILD/share/nexuslims" share/nexuslims
  export PATH=$BATS_TEST_TMPDIR/bin:$PATH
  export NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR/data NX_DATA_PATH=$BATS_TEST_TMPDIR/nx
  unset NX_RECORDS_PATH
  extractor <<'PYTHON'
PYTHON
}

# An nx-extract beside the copied nx-build-xml. Its standard input is Python run for each file line `line`, which may set `datasets`, write by
# itself or end; what it was asked goes to asked.jsonl.
extractor() {
  {
    cat <<'PYTHON'
#!/usr/bin/env python3
import json, os, signal, sys, time
for text in sys.stdin:
    line = json.loads(text)
    with open(os.path.join(os.path.dirname(sys.argv[0]), "..", "asked.jsonl"), "a") as log:
        log.write(text)
    name = os.path.basename(line["path"])
    datasets = [{"nx_meta": {"DatasetType": "Image", "Data Type": "TEM_Imaging", "extensions": {"Of": name, "Same": 1.0}}, "metadata": None, "preview": None}]
PYTHON
    sed 's/^/    /'
    echo '    print(json.dumps({**line, "extractor": "dm3_extractor", "datasets": datasets}), flush=True)'
  } > bin/nx-extract
  chmod +x bin/nx-extract
}

# session [JQ FILTER]: two files in one activity.
session() {
  jq -c "${1:-.}" <<JSON
{"kind":"session","session_identifier":"https://nemo.example.com/api/usage_events/?id=31","user":"ned","status":"TO_BE_BUILT",
 "instrument":{"instrument_pid":"Titan-1","display_name":"FEI Titan","timezone":"America/Denver","filestore_path":"Titan"},
 "start":"2024-02-05T10:00:00-07:00","end":"2024-02-05T11:00:00-07:00",
 "reservation":{"experiment_title":"A title","start_time":"2024-02-05T10:00:00-07:00"},
 "files":[{"path":"$NX_INSTRUMENT_DATA_PATH/Titan/a.dm3","mtime":1707154200,"size":5},{"path":"$NX_INSTRUMENT_DATA_PATH/Titan/b.dm3","mtime":1707154260.5,"size":5}],
 "activities":[[0,1]]}
JSON
}

RECORD=nx/records/2024-02-05_Titan-1_31.xml

# xpath EXPRESSION: its string value in the record; elements without prefix.
xpath() {
  sed 's/ xmlns="[^"]*"//' "${2:-$RECORD}" | xmllint --xpath "string($1)" -
}

@test "every case of the corpus gives its record, byte for byte" {
  need_corpus records
  count=0
  for input in "$CORPUS"/records/*.input.json; do
    export NX_INSTRUMENT_DATA_PATH NX_DATA_PATH NX_RECORDS_PATH NX_CLUSTERING_SENSITIVITY
    NX_INSTRUMENT_DATA_PATH=$(jq -r .settings.NX_INSTRUMENT_DATA_PATH "$input")
    NX_DATA_PATH=$(jq -r .settings.NX_DATA_PATH "$input")
    NX_CLUSTERING_SENSITIVITY=$(jq -r .clustering_sensitivity "$input")
    NX_RECORDS_PATH=$BATS_TEST_TMPDIR/records.$count
    "$NX_SOURCE/tests/session-of-case" "$input" | nx-find-files | nx-build-xml > line
    "$NX_SOURCE/tests/check-lines" < line
    cmp "$(jq -r .record.path line)" "${input%.input.json}.expected.xml" || fail "$input"
    count=$((count + 1))
  done
  [ $count -gt 0 ]
  [ ! -e asked.jsonl ]
}

@test "files are read by nx-extract, and the line names the record" {
  run --separate-stderr nx-build-xml <<<"$(session)"
  assert_success
  assert_json .record.path "$PWD/$RECORD"
  assert_json .record.activities 1
  assert_json .record.datasets 2
  assert_json .status TO_BE_BUILT
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  [ "$(xpath 'count(//dataset)')" = 2 ]
  [ "$(xpath '//setup/param[@name="Same"]')" = 1.0 ]
  [ "$(xpath '//dataset[2]/meta[@name="Of"]')" = b.dm3 ]
  [ "$(xpath '//dataset[2]/location')" = /Titan/b.dm3 ]
  [ "$(xpath '//startTime')" = 2024-02-05T10:30:00-07:00 ]
  "$NX_SOURCE/tests/check-lines" < asked.jsonl
  [ "$(jq -c '[.kind, .instrument.instrument_pid]' asked.jsonl | sort -u)" = '["file","Titan-1"]' ]
}

@test "one process or several make the same record" {
  many=$(session ".files = [range(40) | {path: (\"$NX_INSTRUMENT_DATA_PATH/Titan/f\" + tostring), mtime: (1707154200 + .), size: 1}] | .activities = [[range(40)]] | .sample_ids = [\"x\"]")
  nx-build-xml -j 1 <<<"$many" > /dev/null
  cp $RECORD one.xml
  nx-build-xml -j 5 <<<"$many" > /dev/null
  cmp one.xml $RECORD
  [ "$(xpath 'count(//dataset)')" = 40 ]
}

@test "files that carry datasets are not extracted again" {
  extractor <<<'sys.exit(1)'
  run nx-build-xml <<<"$(session '.files[].datasets = [{"nx_meta":{"DatasetType":"Spectrum"},"preview":null}]')"
  assert_success
  assert_json .record.datasets 2
  [ ! -e asked.jsonl ]
}

@test "a file that kills nx-extract is recorded as Unknown with the reason, and costs no other file" {
  extractor <<<'if name == "a.dm3": os.kill(os.getpid(), signal.SIGSEGV)'
  run --separate-stderr nx-build-xml -j 1 <<<"$(session)"
  assert_success
  assert_json .record.datasets 2
  [ "$(xpath '//dataset[name="a.dm3"]/@type')" = Unknown ]
  [[ $(xpath '//dataset[name="a.dm3"]/meta[@name="NexusLIMS Extraction – Extractor Warnings"]') == "Extraction failed: nx-extract was ended by signal 11"* ]]
  [ "$(xpath '//dataset[name="a.dm3"]/meta[@name="Creation Time"]')" = 2024-02-05T10:30:00-07:00 ]
  [ "$(xpath '//dataset[name="b.dm3"]/@type')" = Image ]
  [[ $stderr == *" ERROR: "*"/Titan/a.dm3 could not be read"* ]]
}

@test "an nx-extract that ends, answers nonsense or hangs costs the file at hand" {
  for trouble in 'sys.exit(3)' 'print("nonsense", flush=True)' 'print("{}", flush=True)' 'print("x" * 50000000, flush=True)' 'time.sleep(600)'; do
    extractor <<<"if name == 'a.dm3': $trouble"
    # Half an hour is nine seconds: the patience for the last of them.
    NX_TEST_TIME_SCALE=0.005 run nx-build-xml <<<"$(session)"
    assert_success
    [ "$(xpath '//dataset[name="a.dm3"]/@type')" = Unknown ]
    [ "$(xpath '//dataset[name="b.dm3"]/@type')" = Image ]
  done
}

@test "an nx-extract that cannot run stops the stage and builds no record" {
  for code in 1 126 127; do
    printf '#!/bin/sh\nexit %s\n' $code > bin/nx-extract
    run --separate-stderr nx-build-xml <<<"$(session)"
    assert_equal "$status" 1
    assert_output ""
    [[ $stderr == *"nx-extract cannot run (exit status $code)"* ]]
    [ ! -e $RECORD ]
  done
}

@test "a file that has gone is left out with a warning; when all have, the session waits" {
  extractor <<<'datasets = [] if name == "a.dm3" else datasets'
  run --separate-stderr nx-build-xml <<<"$(session)"
  assert_success
  assert_json .record.datasets 1
  [ "$(xpath //dataset/name)" = b.dm3 ]
  [[ $stderr == *WARNING*a.dm3* ]]
  rm $RECORD
  extractor <<<'datasets = []'
  run nx-build-xml <<<"$(session)"
  assert_json .status TO_BE_BUILT
  assert_json .postponed.stage nx-build-xml
  assert_json 'has("record")' false
  [ ! -e $RECORD ]
}

@test "a file that has to wait makes its session wait with its reason, and no other session" {
  extractor <<'PYTHON'
if name == "b.dm3":
    line["postponed"] = {"stage": "nx-extract", "message": "cannot write b.dm3.json: No space left on device"}
PYTHON
  run --separate-stderr nx-build-xml <<<"$(session; session '.session_identifier = "other" | .files[1].path = "/c.dm3"')"
  assert_success
  [ "$(jq -c '[.status, .postponed.message, has("record")]' <<<"$output")" = '["TO_BE_BUILT","cannot write b.dm3.json: No space left on device",false]
["TO_BE_BUILT",null,true]' ]
  [ "$(jq -r '.postponed.stage | values' <<<"$output")" = nx-build-xml ]
  [ ! -e $RECORD ]
  [[ $stderr == *" ERROR: session "*"No space left on device"* ]]
}

@test "an activity whose files have all gone is left out and the rest numbered anew" {
  extractor <<<'datasets = [] if name == "a.dm3" else datasets'
  run nx-build-xml <<<"$(session '.activities = [[0],[1]]')"
  assert_json .record.activities 1
  [ "$(xpath '//acquisitionActivity/@seqno')" = 0 ]
  [ "$(xpath '//startTime')" = 2024-02-05T10:31:00.500000-07:00 ]
}

@test "several signals of a file are numbered within it and make setup parameters" {
  extractor <<<'datasets = datasets * 2 if name == "a.dm3" else datasets'
  run nx-build-xml <<<"$(session '.activities = [[0],[1]]')"
  assert_json .record.datasets 3
  [ "$(xpath '//acquisitionActivity[1]/dataset[1]/name')" = "a.dm3 (1 of 2)" ]
  [ "$(xpath '//acquisitionActivity[1]/dataset[2]/name')" = "a.dm3 (2 of 2)" ]
  [ "$(xpath 'count(//acquisitionActivity[1]/setup/param)')" = 3 ]
  [ "$(xpath 'count(//acquisitionActivity[2]/setup/param)')" = 0 ]
}

@test "samples have the given ids and new ones where none are given" {
  run nx-build-xml <<<"$(session '.reservation.samples = [{"name":"S1"},{"name":"S2","elements":null}] | .sample_ids = ["11111111-2222-4333-8444-555555555555"]')"
  assert_json '.sample_ids[0]' 11111111-2222-4333-8444-555555555555
  second=$(jq -r '.sample_ids[1]' <<<"$output")
  [[ $second =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
  [ "$(xpath '//sample[2]/@id')" = "$second" ]
  [ "$(xpath '//sampleID')" = 11111111-2222-4333-8444-555555555555 ]
}

@test "without a reservation there is still a title, a sample with an id and a project" {
  run nx-build-xml <<<"$(session 'del(.reservation)')"
  assert_success
  [ "$(xpath //title)" = "Experiment on the FEI Titan" ]
  [ "$(xpath '//sample/@id')" = "$(jq -r '.sample_ids[0]' <<<"$output")" ]
  [ "$(xpath 'count(//project)')" = 1 ]
}

@test "a record that is not valid is not written: ERROR, with the reason in two lines" {
  run --separate-stderr nx-build-xml <<<"$(session '.reservation.samples = [{"elements":["Xx"]}]')"
  assert_success
  assert_json .status ERROR
  assert_json .error.stage nx-build-xml
  [[ $(jq -r .error.message <<<"$output") == *Xx* ]]
  [ "$(grep -c ' ERROR: ' <<<"$stderr")" = 2 ]
  [ -z "$(find nx -name '*.xml' -o -name '.nx-*' -o -name '.*.new')" ]
}

@test "an element symbol that is markup cannot get into the record" {
  run nx-build-xml <<<"$(session '.reservation.samples = [{"elements":["Fe/><x"]}]')"
  assert_success
  assert_json .status ERROR
  [ ! -e $RECORD ]
}

@test "characters that XML forbids are dropped with a warning, in head, names and values" {
  extractor <<'PYTHON'
datasets[0]["nx_meta"]["extensions"] = {"k\x01ey": "va\x02l\ufffeue\x00", "<&>\"": "]]>"}
PYTHON
  run --separate-stderr nx-build-xml <<<"$(session '.reservation.experiment_title = "ti\u0003tle" | .activities = [[0],[1]]')"
  assert_success
  assert_json .record.activities 2
  [ "$(xpath //title)" = title ]
  [ "$(xpath '//meta[@name="key"]')" = value ]
  [ "$(xpath "//meta[@name='<&>\"']")" = ']]>' ]
  [[ $stderr == *WARNING*forbids* ]]
}

@test "an address that XML Schema does not take for one is left out with a warning, and costs the record nothing else" {
  local bad
  for bad in '<https://wiki.example.org/run 5>' 'https://zoom.us/j/1?pwd=a%' 'https://x/#a#b' 'http://x:abc/' '%'; do
    run --separate-stderr nx-build-xml < <(session ".reservation.url = \"$bad\" | .reservation.projects = [{name: \"P\", ref: \"$bad\"}]")
    assert_success
    assert_json .error null
    [ "$(xpath 'count(//@ref | //ref)')" = 0 ]
    [ "$(xpath //project/name)" = P ]
    [ "$(grep -c "WARNING: '.*' is left out of the record: it is no valid anyURI" <<<"$stderr")" = 2 ] || fail "$stderr"
  done
  run --separate-stderr nx-build-xml < <(session '.reservation.url = "https://x.org/ä b?q={1}&c#d" | .reservation.projects = [{ref: "urn:p:1"}]')
  assert_success
  [ "$(xpath //summary/@ref)" = 'https://x.org/ä b?q={1}&c#d' ]
  [ "$(xpath //project/ref)" = urn:p:1 ]
}

@test "a time that XML Schema does not take for one is left out with a warning, and costs the record nothing else" {
  local bad zone
  while read -r bad zone; do
    run --separate-stderr nx-build-xml < <(session ".reservation.start_time = \"$bad\" | .reservation.end_time = \"2024-02-05T18:00:00Z\" |
      .instrument.timezone = \"$zone\"")
    assert_success
    assert_json .error null
    [ "$(xpath 'count(//reservationStart)')" = 0 ]
    [ -n "$(xpath //reservationEnd)" ]
    grep -q "WARNING: .* is left out" <<<"$stderr" || fail "$stderr"
  done <<'END'
1850-02-05T10:00:00 America/Denver
9999-12-31T23:59:00-12:00 America/Denver
END
  run nx-build-xml < <(session '.reservation.start_time = "9999-12-31T23:59:00Z" | .instrument.timezone = "Asia/Tokyo"')
  assert_success
  [ "$(xpath //reservationStart)" = 9999-12-31T23:59:00+00:00 ]
}

@test "a type of dataset that nobody knows becomes Unknown, and so does none" {
  extractor <<<'datasets[0]["nx_meta"] = {"DatasetType": "Hologram"} if name == "a.dm3" else None'
  run nx-build-xml <<<"$(session)"
  assert_success
  assert_json .record.datasets 2
  [ "$(xpath 'count(//dataset[@type="Unknown"])')" = 2 ]
}

@test "a path that is not UTF-8 keeps its bytes in location and preview" {
  extractor <<<'datasets[0]["preview"] = "'"$NX_DATA_PATH"'/Titan/b\ufffd.dm3.thumb.png"'
  path=$(printf '%s/Titan/b\xff.dm3' "$NX_INSTRUMENT_DATA_PATH" | base64 -w0)
  run nx-build-xml <<<"$(session ".files = [{\"path\":\"x\",\"path_b64\":\"$path\",\"mtime\":1707154200}] | .activities = [[0]]")"
  assert_success
  [ "$(xpath //location)" = /Titan/b%FF.dm3 ]
  [ "$(xpath //preview)" = /Titan/b%FF.dm3.thumb.png ]
  [ "$(xpath //dataset/name)" = $'b\xef\xbf\xbd.dm3' ]
}

@test "an existing record is replaced" {
  mkdir -p nx/records
  echo old > $RECORD
  run nx-build-xml <<<"$(session)"
  assert_success
  [ "$(xpath //title)" = "A title" ]
  [ "$(find nx/records -type f | wc -l)" = 1 ]
}

@test "a records folder that cannot be made or written postpones the session" {
  echo in the way > file
  NX_RECORDS_PATH=$PWD/file/records run --separate-stderr nx-build-xml <<<"$(session)"
  assert_success
  assert_json .status TO_BE_BUILT
  assert_json .postponed.stage nx-build-xml
  [[ $stderr == *" ERROR: "*file/records* ]]
}

@test "a full disk postpones the session and leaves nothing half-written" {
  [ "$(id -u)" = 0 ] || skip "needs root to mount a small tmpfs"
  mkdir small
  mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || skip "cannot mount a tmpfs here"
  extractor <<<'datasets[0]["nx_meta"]["extensions"]["Long"] = name * 20000'
  NX_RECORDS_PATH=$PWD/small run --separate-stderr nx-build-xml <<<"$(session)"
  left=$(find small -type f)
  umount small
  assert_success
  assert_json .status TO_BE_BUILT
  [[ $(jq -r .postponed.message <<<"$output") == *"No space left on device"* ]]
  [ -z "$left" ]
}

@test "a record whose name is too long for a file ends its session with ERROR" {
  run --separate-stderr nx-build-xml <<<"$(session '.instrument.instrument_pid = "p" * 300')"
  assert_success
  assert_json .status ERROR
  assert_json 'has("postponed")' false
  [[ $(jq -r .error.message <<<"$output") == *"File name too long"* ]]
}

@test "metadata and previews are saved before the record that speaks of them" {
  command -v strace >/dev/null || skip "strace is not installed"
  ASAN_OPTIONS=detect_leaks=0 strace -qq -o calls -e trace=syncfs,rename nx-build-xml <<<"$(session)" > line || skip "strace cannot trace here"
  [ "$(jq .record.datasets line)" = 2 ]
  [ "$(grep -o '^syncfs\|^rename.*\.xml' calls | grep -c .)" = 2 ]
  [[ $(head -n 1 calls) == syncfs*0 ]]
  run --separate-stderr env ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null -e trace=syncfs -e inject=syncfs:error=EIO nx-build-xml <<<"$(session)"
  assert_success
  assert_json .postponed.stage nx-build-xml
}

@test "a signal while files are read postpones the session and ends the stage" {
  extractor <<<'open("started", "w"); time.sleep(600)'
  session > in
  nx-build-xml -v < in > out 2> err &
  pid=$!
  for _ in $(seq 200); do [ -e started ] && break; sleep 0.05; done
  kill -TERM $pid
  code=0
  wait $pid || code=$?
  [ $code -ne 0 ]
  [ "$(jq -r .postponed.stage out)" = nx-build-xml ]
  [ ! -e $RECORD ]
  run cat err
  assert_line --regexp ' INFO: session .*: interrupted \(will be tried again\)$'
  refute_line --regexp ' ERROR: |^Error: '
}

@test "a stage that is interrupted does not complain that the next one is gone already" {
  extractor <<<'open("started", "w"); time.sleep(600)'
  session > in
  mkfifo gone
  : < gone &
  nx-build-xml < in > gone 2> err &
  pid=$!
  for _ in $(seq 200); do [ -e started ] && break; sleep 0.05; done
  kill -TERM $pid
  code=0
  wait $pid || code=$?
  [ $code = 1 ]
  assert_equal "$(cat err)" ''
}

@test "lines of another status, with an error, postponed, or without files pass untouched" {
  for filter in '.status = "NO_CONSENT"' '.error = {"stage":"x","message":"y"}' '.postponed = {"stage":"x","message":"y"}' 'del(.files, .activities)'; do
    line=$(session "$filter")
    run nx-build-xml <<<"$line"
    assert_success
    assert_output "$line"
  done
}

@test "activities that name a file twice or one that is not there end the session with ERROR" {
  for activities in '[[0,0]]' '[[0,2]]' '[[-1]]' '[["0"]]'; do
    run nx-build-xml <<<"$(session ".activities = $activities | .files[].datasets = [{}]")"
    assert_success
    assert_json .status ERROR
    [ ! -e $RECORD ]
  done
}

@test "input that is no session line stops with its number, exit 2; earlier lines are out" {
  good=$(session '.files[].datasets = [{"nx_meta":{"DatasetType":"Image"}}]')
  for bad in 'not json' '[1]' '{"kind":"file"}' '{"kind":"session"}' "$(session 'del(.activities)')" "$(session 'del(.start)')" \
    "$(session 'del(.session_identifier)')" "$(session 'del(.instrument.instrument_pid)')" "$(session '.files[1] = {"mtime":1}')" \
    "$(session '.files[1] = {"path":"/x"}')" "$(session '.files[1].datasets = 7')" $'{"kind":"session\xff"}'; do
    run --separate-stderr nx-build-xml <<<"$good"$'\n'"$bad"
    assert_equal "$status" 2
    [ "$(wc -l <<<"$output")" = 1 ]
    [[ $stderr == *"Error: line 2: "* ]]
  done
}

@test "a line of 50 MB is refused with its number" {
  { session '.status = "COMPLETED"'; printf '{"kind":"session","status":"'; head -c 50000000 /dev/zero | tr '\0' x; echo '"}'; } > in
  run --separate-stderr nx-build-xml < in
  assert_equal "$status" 2
  [[ $stderr == *"line 2: longer than 40 MiB"* ]]
}

@test "progress is shown on a terminal only" {
  command -v script >/dev/null || skip "script(1) is not installed"
  session > in
  nx-build-xml < in > /dev/null 2> log
  [ ! -s log ]
  script -qec "nx-build-xml < in > /dev/null" /dev/null < /dev/null > terminal
  grep -q '2 of 2 files read' terminal
}

@test "without the two data paths the program says which one to set" {
  unset NX_DATA_PATH
  run --separate-stderr nx-build-xml <<<"$(session)"
  assert_equal "$status" 1
  [[ $stderr == *NX_DATA_PATH* ]]
}

@test "the real files of the corpus go through all three programs into a valid record" {
  need_corpus fei-tif
  mkdir -p data/Titan
  for folder in dm edax fei-tif image orion tescan text tia tofwerk; do
    [ -d "$CORPUS/$folder" ] && cp -r "$CORPUS/$folder" data/Titan/
  done
  chmod -R u+w data
  find data -type f -exec touch -d '2024-02-05 17:30 UTC' {} +
  session 'del(.files, .activities)' | NX_FILE_STRATEGY=inclusive NX_IGNORE_PATTERNS='["*.json","*.md"]' "$NX_BUILD/bin/nx-find-files" |
    "$NX_BUILD/bin/nx-build-xml" > line 2> log || fail "$(cat log)"
  "$NX_SOURCE/tests/check-lines" < line
  [ "$(jq -r .status line)" = TO_BE_BUILT ]
  [ "$(jq '.record.datasets >= (.files | length) and (.files | length) > 50' line)" = true ]
  xmllint --noout --schema "$NX_SOURCE/share/schema/nexus-experiment.xsd" "$(jq -r .record.path line)"
  xmllint --noout --schema "$CORPUS/schema/nexus-experiment.xsd" "$(jq -r .record.path line)"
}

# roots_are INSTRUMENT DATA: with these two roots the session of one file goes through all three programs; the picture is where the record says,
# and the share holds what it held before.
roots_are() {
  rm -rf nx/*
  NX_INSTRUMENT_DATA_PATH=$1 NX_DATA_PATH=$2 NX_FILE_STRATEGY=inclusive NX_IGNORE_PATTERNS='["*.json"]' pipeline >line 2>log
  assert_equal "$1 $2: $(jq -r .status line)" "$1 $2: TO_BE_BUILT"
  assert_equal "$(find data -type f | LC_ALL=C sort | tr '\n' ' ')" 'data/Titan/a.txt data/Titan/a.txt.json '
  assert_equal "$(cat data/Titan/a.txt.json)" "a person's only copy"
  assert_equal "$(xpath //dataset/location)" /Titan/a.txt
  assert_equal "$(xpath //dataset/preview)" /Titan/a.txt.thumb.png
  [ -s nx/Titan/a.txt.thumb.png ]
  [ -s nx/Titan/a.txt.json ]
}

pipeline() {
  session 'del(.files, .activities)' | "$NX_BUILD/bin/nx-find-files" | "$NX_BUILD/bin/nx-build-xml"
}

# One data file, and what a person keeps beside it under the name of its metadata. `lnk` leads two folders down, so that `lnk/../..` is this
# folder for the kernel, and the one above it for who only looks at the text.
fill_share() {
  mkdir -p conf deep/down data/Titan
  ln -s deep/down lnk
  echo "a note" >data/Titan/a.txt
  echo "a person's only copy" >data/Titan/a.txt.json
  touch -d '2024-02-05 17:30 UTC' data/Titan/a.txt
}

@test "roots with '..' in them: nothing is written on the share, and the record names its pictures" {
  fill_share
  roots_are "$PWD/conf/../data" "$PWD/nx"
  roots_are conf/../data "$PWD/nx"
  roots_are "$PWD/data" "$PWD/conf/../nx"
  roots_are "$PWD/data" conf/../nx
  roots_are "$PWD/conf/../data" "$PWD/conf/../nx"
}

@test "'..' behind a link in a root leads where the kernel says" {
  fill_share
  roots_are "$PWD/lnk/../../data" "$PWD/nx"
  roots_are "$PWD/data" "$PWD/lnk/../../nx"
  roots_are lnk/../../data lnk/../../nx
}

@test "a root that is a link keeps its name in paths" {
  fill_share
  ln -s "$PWD/data" linked
  roots_are "$PWD/linked" "$PWD/nx"
  assert_equal "$(jq -r '.files[0].path' line)" "$PWD/linked/Titan/a.txt"
}

@test "'..' in NX_RECORDS_PATH leads where the kernel says" {
  fill_share
  NX_RECORDS_PATH=lnk/../../kept NX_FILE_STRATEGY=inclusive NX_IGNORE_PATTERNS='["*.json"]' pipeline >line 2>log
  assert_equal "$(jq -r .record.path line)" "$PWD/kept/2024-02-05_Titan-1_31.xml"
  [ -s kept/2024-02-05_Titan-1_31.xml ]
}

@test "all programs read \${NAME} in a root alike: what .env says of NAME goes before the environment" {
  fill_share
  printf '%s\n' "BASE=$PWD" 'NX_INSTRUMENT_DATA_PATH=${BASE}/data' 'NX_DATA_PATH=${BASE}/nx' >settings.env
  unset NX_INSTRUMENT_DATA_PATH NX_DATA_PATH
  NX_ENV_FILE=$PWD/settings.env BASE=$PWD/deep NX_FILE_STRATEGY=inclusive NX_IGNORE_PATTERNS='["*.json"]' pipeline >line 2>log
  assert_equal "$(jq -r .status line)" TO_BE_BUILT
  assert_equal "$(xpath //dataset/preview)" /Titan/a.txt.thumb.png
}
