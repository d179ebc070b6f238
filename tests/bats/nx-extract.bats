#!/usr/bin/env bats
# nx-extract — file lines in, the same lines with extractor and datasets out; metadata and previews below NX_DATA_PATH.
bats_require_minimum_version 1.5.0
load lib
load nx-extract

# -------------------------------------------------------------------------------------------------------------- the filter

@test "a file line comes back with its extractor and its datasets, and nothing taken out of it" {
  make_fei_tiff "$ROOT/Quanta/a.tif"
  INPUT='{"kind":"file","mine":[1.50,13000.0,"kept"],"path":"'$ROOT'/Quanta/a.tif"}'
  extract_lines
  assert_success
  assert_output --partial '"mine":[1.50,13000.0,"kept"]'
  assert_json .extractor quanta_tif_extractor
  assert_json '.datasets | length' 1
  assert_json '.datasets[0].nx_meta.acceleration_voltage | tojson' '{"value":5000,"unit":"volt"}'
  assert_json '.datasets[0].metadata' "$DATA/Quanta/a.tif.json"
  assert_json '.datasets[0].preview' "$DATA/Quanta/a.tif.thumb.png"
  [ "$(head -c 8 "$DATA/Quanta/a.tif.thumb.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
}

@test "the metadata file is laid out as Python writes it: two blanks, escapes, no line end" {
  make_fei_tiff "$ROOT/Quanta/a.tif" 1e-005
  INPUT=$(file_line "$ROOT/Quanta/a.tif")
  extract_lines
  assert_success
  run python3 - "$DATA/Quanta/a.tif.json" <<'PYTHON'
import json, sys
text = open(sys.argv[1], encoding="ascii").read()
assert text == json.dumps(json.loads(text), indent=2), "another layout"
assert list(json.loads(text))[0] == "nx_meta"
assert '"value": 1e-05' in text and "\\u00b5" in text
PYTHON
  assert_success
}

@test "the extraction block names date, module and version" {
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"] | keys_unsorted | join(",")' Date,Module,Version
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"].Module' nexusLIMS.extractors.plugins.basic_file_info_extractor
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"].Date | test("^....-..-..T..:..:..[.]......[+]00:00$")' true
}

@test "the time of a file is shown in the zone of its instrument, and the line's time wins over the file's own" {
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_json '.datasets[0].nx_meta["Creation Time"]' 2024-05-06T01:08:09-06:00
  INPUT=$(file_line "$ROOT/Quanta/note.txt" '{mtime: 1700000000.25}')
  extract_lines
  assert_json '.datasets[0].nx_meta["Creation Time"]' 2023-11-14T15:13:20.250000-07:00
}

@test "answers keep the order of the lines, however many files are read at once" {
  for i in $(seq 40); do
    if (( i % 3 )); then make_fei_tiff "$ROOT/Quanta/$i.tif" "$i"; else echo "$i" > "$ROOT/Quanta/$i.tif"; fi
  done
  INPUT=$(for i in $(seq 40); do file_line "$ROOT/Quanta/$i.tif"; done)
  extract_lines -j 4
  assert_success
  [ "$(jq -r .path <<<"$output")" = "$(for i in $(seq 40); do echo "$ROOT/Quanta/$i.tif"; done)" ]
}

@test "each answer is there before the next line is sent" {
  coproc NX { nx-extract -j 3 2>/dev/null; }
  local pid=$NX_PID # bash forgets it once the program has ended
  for i in 1 2 3; do
    file_line "$ROOT/Quanta/note.txt" "{number: $i}" >&"${NX[1]}"
    read -r -t 60 answer <&"${NX[0]}"
    [ "$(jq .number <<<"$answer")" = "$i" ]
  done
  exec {NX[1]}>&-
  wait "$pid"
}

@test "a file that is gone has no datasets, and the log says so" {
  INPUT=$(file_line "$ROOT/Quanta/gone.tif")
  extract_lines
  assert_success
  assert_json '.datasets | tojson' '[]'
  grep -q "gone.tif is gone" "$LOG"
}

@test "what is not a file gets a dataset with the reason: a folder, a FIFO, a device" {
  mkdir "$ROOT/Quanta/folder.tif"
  mkfifo "$ROOT/Quanta/fifo.tif"
  for path in "$ROOT/Quanta/folder.tif" "$ROOT/Quanta/fifo.tif" /dev/zero; do
    INPUT=$(file_line "$path")
    extract_lines --no-metadata --no-preview
    assert_success
    assert_json '.datasets[0].nx_meta.DatasetType' Unknown
    assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"]["Extractor Warnings"] | test("^Extraction failed: .* not a regular file")' true
  done
}

@test "readers know the system's zone, from the first file on" {
  for i in 1 2 3; do cp "$ROOT/Quanta/note.txt" "$ROOT/Quanta/$i.txt"; file_line "$ROOT/Quanta/$i.txt" | jq -c 'del(.instrument)'; done >lines
  run --separate-stderr env TZ=America/Phoenix nx-extract -j 2 --no-preview <lines
  assert_success
  [ "$(jq -r '.datasets[0].nx_meta["NexusLIMS Extraction"].Date[-6:]' <<<"$output" | tr '\n' ' ')" = "-07:00 -07:00 -07:00 " ]
}

@test "links on a share are not followed, neither a file that became one nor what stands beside a file; a person's own are" {
  echo 'Password = sesame' >secret
  ln -s "$PWD/secret" "$ROOT/Quanta/swapped.txt"
  ln -s "$PWD/secret" "$ROOT/Quanta/one.mrc.mdoc"
  { printf '\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0'; head -c 48 /dev/zero; printf '\1\0\0\0\2\0\0\0\3\0\0\0'; head -c 132 /dev/zero
    printf 'MAP DD\0\0'; head -c 809 /dev/zero; } >"$ROOT/Quanta/one.mrc"
  INPUT=$(file_line "$ROOT/Quanta/swapped.txt")
  extract_lines
  assert_success
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"]["Extractor Warnings"] | test("^Extraction failed: .* is a symbolic link")' true
  INPUT=$(file_line "$ROOT/Quanta/one.mrc")
  extract_lines
  assert_success
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"].Module' nexusLIMS.extractors.plugins.mrc_extractor
  run ! grep -r sesame "$DATA"
  run --separate-stderr nx-extract --no-preview "$ROOT/Quanta/one.mrc"
  [[ "$output" == *sesame* ]]
}

@test "a damaged file still has metadata, a preview and a place in the record" {
  head -c 500 /dev/zero > "$ROOT/Quanta/broken.dm3"
  INPUT=$(file_line "$ROOT/Quanta/broken.dm3")
  extract_lines
  assert_success
  assert_json '.datasets[0].nx_meta.DatasetType' Unknown
  assert_json '.datasets[0].preview' "$DATA/Quanta/broken.dm3.thumb.png"
  [ -s "$DATA/Quanta/broken.dm3.thumb.png" ]
}

@test "several signals become several datasets, with their numbers in the file names" {
  need_corpus dm
  path=$(ls "$CORPUS"/dm/*multi_signal.dm3 | head -n 1)
  cp "$path" "$ROOT/Quanta/two.dm3"
  INPUT=$(file_line "$ROOT/Quanta/two.dm3")
  extract_lines
  n=$(jq '.datasets | length' <<<"$output")
  (( n > 1 ))
  for (( k = 0; k < n; k++ )); do
    [ -s "$DATA/Quanta/two.dm3_signal$k.json" ]
    [ -s "$DATA/Quanta/two.dm3_signal$k.thumb.png" ]
  done
}

@test "a file outside the instrument folder has its outputs beside it, with a warning" {
  mkdir "$BATS_TEST_TMPDIR/elsewhere"
  echo x > "$BATS_TEST_TMPDIR/elsewhere/x.txt"
  INPUT=$(file_line "$BATS_TEST_TMPDIR/elsewhere/x.txt")
  extract_lines
  assert_json '.datasets[0].metadata' "$BATS_TEST_TMPDIR/elsewhere/x.txt.json"
  grep -q "is not below" "$LOG"
}

@test "no output leaves the data folder through dots in a path" {
  echo x > "$BATS_TEST_TMPDIR/x.txt"
  INPUT=$(file_line "$ROOT/../x.txt")
  extract_lines
  assert_success
  assert_json '.datasets[0].metadata' "$ROOT/../x.txt.json"
  [ -z "$(ls -A "$DATA")" ]
}

@test "a file of the share is one whichever way its path leads there: nothing is written beside it" {
  mkdir "$ROOT/X" "$BATS_TEST_TMPDIR/far"
  ln -s "$BATS_TEST_TMPDIR/far" "$ROOT/X/down"
  ln -s "$ROOT" "$BATS_TEST_TMPDIR/share"
  for path in "$ROOT/X/../Quanta/note.txt" "$BATS_TEST_TMPDIR/far/../instruments/Quanta/note.txt" "$BATS_TEST_TMPDIR/share/Quanta/note.txt" \
    "$ROOT/X/down/../instruments/Quanta/note.txt"; do
    rm -rf "${DATA:?}"/*
    INPUT=$(file_line "$path")
    extract_lines
    assert_success
    assert_json '.path' "$path"
    assert_json '.datasets[0].metadata' "$DATA/Quanta/note.txt.json"
    assert_json '.datasets[0].preview' "$DATA/Quanta/note.txt.thumb.png"
    assert_equal "$(ls "$ROOT/Quanta")" note.txt
    run ! grep "is not below" "$LOG"
  done
}

@test "beside a file outside the instrument folder nothing is replaced, with a warning" {
  mkdir "$BATS_TEST_TMPDIR/elsewhere"
  cd "$BATS_TEST_TMPDIR/elsewhere"
  echo x > x.txt
  echo "a person's own" > x.txt.json
  echo "a person's own" > x.txt.thumb.png
  INPUT=$(file_line "$PWD/x.txt")
  extract_lines
  assert_success
  assert_equal "$(cat x.txt.json x.txt.thumb.png)" "a person's own"$'\n'"a person's own"
  assert_json '.datasets[0].metadata' "$PWD/x.txt.json"
  assert_json '.datasets[0].preview' "$PWD/x.txt.thumb.png"
  assert_equal "$(grep -c "WARNING: $PWD/x.txt.* was there already, and stays as it is" "$LOG")" 2
}

@test "a path that is not UTF-8 keeps its bytes" {
  name=$'m\xffnote.txt'
  cp "$ROOT/Quanta/note.txt" "$ROOT/Quanta/$name"
  b64=$(printf '%s' "$ROOT/Quanta/$name" | base64 -w0)
  INPUT=$(file_line "$ROOT/Quanta/m?note.txt" "{path_b64: \"$b64\"}")
  extract_lines
  assert_success
  [ -s "$DATA/Quanta/$name.json" ]
  [ "$(jq -r '.datasets[0].metadata_b64' <<<"$output" | base64 -d)" = "$DATA/Quanta/$name.json" ]
  assert_json '.datasets[0].metadata' "$DATA/Quanta/m"$'\xef\xbf\xbd'"note.txt.json"
}

@test "a path with line ends, blanks and quotes is a path" {
  name=$'new\nline "quoted" $(x) .txt'
  cp "$ROOT/Quanta/note.txt" "$ROOT/Quanta/$name"
  INPUT=$(file_line "$ROOT/Quanta/$name")
  extract_lines
  assert_success
  [ "$(wc -l <<<"$output")" = 1 ]
  [ -s "$DATA/Quanta/$name.json" ]
  [ -s "$DATA/Quanta/$name.thumb.png" ]
}

@test "a file that is written to all the time is named as incomplete" {
  make_fei_tiff "$ROOT/Quanta/a.tif"
  mkdir "$BATS_TEST_TMPDIR/profiles"
  echo 'last(range(700000)) as $slow | .' > "$BATS_TEST_TMPDIR/profiles/FEI-Quanta.jq"
  export NX_LOCAL_PROFILES_PATH=$BATS_TEST_TMPDIR/profiles
  while sleep 0.02; do printf x >> "$ROOT/Quanta/a.tif"; done &
  writer=$!
  INPUT=$(file_line "$ROOT/Quanta/a.tif")
  extract_lines
  kill "$writer"
  assert_success
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"]["Extractor Warnings"] | test("kept changing .* incomplete")' true
  assert_json '.datasets[0].nx_meta.acceleration_voltage.value' 5000
  jq -e '.nx_meta["NexusLIMS Extraction"]["Extractor Warnings"]' "$DATA/Quanta/a.tif.json"
}

@test "outputs that find no room wait for it, with the reason in the line and in the log" {
  rm -rf "$DATA/Quanta"
  echo "in the way" > "$DATA/Quanta"
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_success
  assert_json '.datasets[0].metadata' null
  assert_json '.datasets[0].preview' null
  assert_json '.postponed.stage' nx-extract
  [[ $(jq -r .postponed.message <<<"$output") == *"$DATA/Quanta"* ]]
  grep -q ERROR "$LOG"
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  # The same line once more, now that there is room.
  rm "$DATA/Quanta"
  INPUT=$output
  extract_lines
  assert_json '.datasets[0].metadata' "$DATA/Quanta/note.txt.json"
  assert_json 'has("postponed")' false
}

@test "a file in a folder that is called like another file's metadata or preview has none itself, and nobody waits for it" {
  local suffix
  for suffix in json thumb.png; do
    mkdir -p "$ROOT/Quanta/note.txt.$suffix/deeper"
    cp "$ROOT/Quanta/note.txt" "$ROOT/Quanta/note.txt.$suffix/k.txt"
    cp "$ROOT/Quanta/note.txt" "$ROOT/Quanta/note.txt.$suffix/deeper/k.txt"
  done
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  INPUT=$(file_line "$ROOT/Quanta/note.txt.json/k.txt"; file_line "$ROOT/Quanta/note.txt.json/deeper/k.txt"
    file_line "$ROOT/Quanta/note.txt.thumb.png/k.txt"; file_line "$ROOT/Quanta/note.txt.thumb.png/deeper/k.txt")
  extract_lines
  assert_success
  [ "$(jq -c '[.datasets[0].metadata, .datasets[0].preview, has("postponed")]' <<<"$output" | uniq -c | sed 's/^ *//')" = "4 [null,null,false]" ] ||
    fail "$output"
  grep -q "ERROR: .*$DATA/Quanta/note.txt.json" "$LOG"
  # The other way round: the folders are there first.
  rm -r "$DATA/Quanta"
  extract_lines
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_json '[.datasets[0].metadata, .datasets[0].preview, has("postponed")] | tojson' '[null,null,false]'
}

@test "an output whose name is too long is null, and nobody waits for it" {
  local long
  long=$(printf 'n%.0s' {1..250}).txt
  cp "$ROOT/Quanta/note.txt" "$ROOT/Quanta/$long"
  INPUT=$(file_line "$ROOT/Quanta/$long")
  extract_lines
  assert_success
  assert_json '.datasets[0].preview' null
  assert_json 'has("postponed")' false
  grep -q ERROR "$LOG"
}

@test "a file outside the instrument folder does not wait for a folder that nobody may write to" {
  as_bound_user "$ROOT/Quanta/note.txt"
  mkdir "$BATS_TEST_TMPDIR/elsewhere"
  echo text > "$BATS_TEST_TMPDIR/elsewhere/note.txt"
  chmod 555 "$BATS_TEST_TMPDIR/elsewhere"
  run --separate-stderr "${as[@]}" nx-extract <<<"$(file_line "$BATS_TEST_TMPDIR/elsewhere/note.txt")"
  assert_success
  assert_json '.datasets[0].preview' null
  assert_json 'has("postponed")' false
}

# injected SYSTEM_CALL=ERROR [STRACE OPTIONS…]: runs the filter on $INPUT while the call fails so; $output is the answer.
injected() {
  command -v strace >/dev/null || skip "strace is not installed"
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null nx-extract --help >/dev/null 2>&1 || skip "strace cannot trace here"
  run --separate-stderr env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e "trace=${1%%=*}" -e "inject=${1%%=*}:error=${1#*=}" "${@:2}" nx-extract <<<"$INPUT"
}

@test "a file waits when its share cannot be reached, and does not when only it cannot be opened" {
  local reason
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  cp "$DATA/Quanta/note.txt.json" "$BATS_TEST_TMPDIR/before.json"
  for reason in ESTALE EIO ETIMEDOUT ENOTCONN EHOSTDOWN EHOSTUNREACH ECONNABORTED EMFILE; do
    injected openat=$reason -P "$ROOT/Quanta/note.txt"
    assert_success
    assert_json .postponed.stage nx-extract
    assert_json '.datasets[0].nx_meta.DatasetType' Unknown
    "$NX_SOURCE/tests/check-lines" <<<"$output"
  done
  # What an earlier run made is kept as it is.
  cmp "$DATA/Quanta/note.txt.json" "$BATS_TEST_TMPDIR/before.json"
  for reason in EACCES EPERM ENXIO EAGAIN ELOOP; do
    injected openat=$reason -P "$ROOT/Quanta/note.txt"
    assert_success
    assert_json 'has("postponed")' false
    assert_json '.datasets[0].nx_meta.DatasetType' Unknown
  done
  [[ $(cat "$DATA/Quanta/note.txt.json") == *"Extraction failed"* ]]
}

@test "a file waits when its instrument's folder is gone or closed, and counts as gone when only it is" {
  INPUT=$(file_line "$ROOT/Gone/note.txt" '{instrument: {instrument_pid: "FEI-Quanta", timezone: "UTC", filestore_path: "Gone"}}')
  extract_lines
  assert_success
  assert_json .postponed.stage nx-extract
  [[ $(jq -r .postponed.message <<<"$output") == *"$ROOT/Gone"* ]]
  mkdir "$ROOT/Gone"
  extract_lines
  assert_json 'has("postponed")' false
  assert_json '.datasets | length' 0
  as_bound_user "$ROOT/Quanta/note.txt"
  chmod 777 "$DATA"
  echo text > "$ROOT/Gone/note.txt"
  chmod 600 "$ROOT/Gone"
  run --separate-stderr "${as[@]}" nx-extract <<<"$INPUT"
  assert_json .postponed.stage nx-extract
}

@test "a file waits when no process can be started for it" {
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  # The first process of all reads the settings.
  injected clone=EAGAIN:when=2+
  assert_success
  assert_json .postponed.stage nx-extract
}

@test "limits below the reader's own leave it with those" {
  local limit limits=('-t 50' '-t 5')
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  # AddressSanitizer needs terabytes of addresses.
  grep -q __asan_init "$NX_BUILD/bin/nx-extract" || limits+=('-v 1500000')
  for limit in "${limits[@]}"; do
    rm -rf "$DATA/Quanta"
    run --separate-stderr bash -c "ulimit $limit; exec nx-extract" <<<"$INPUT"
    assert_success
    assert_json '.datasets[0].preview' "$DATA/Quanta/note.txt.thumb.png"
    assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"] | has("Extractor Warnings")' false
  done
}

@test "walls that cannot be raised stop the program, and no file is blamed for it" {
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  injected seccomp=EINVAL
  assert_equal "$status" 1
  assert_output ""
  [[ $stderr == *"walls"* ]]
  [ ! -e "$DATA/Quanta/note.txt.json" ]
}

@test "lines that cannot be read end it with their number" {
  INPUT='{"kind":"file","path":"/nowhere"}
{"kind":"session"}'
  extract_lines
  assert_failure 2
  INPUT='{"kind":"file"}'
  extract_lines
  assert_failure 2
  grep -q "line 1: 'path' is missing" "$LOG"
  INPUT='{"kind":"file","path":""}'
  extract_lines
  assert_failure 2
}

@test "without the two roots there is nothing to write to: bad configuration" {
  unset NX_DATA_PATH
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_failure 1
  grep -q NX_DATA_PATH "$LOG"
}

@test "characters of any script are drawn without a reader waiting for anything" {
  printf '\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a \xf0\x9f\x94\xac\n' > "$ROOT/Quanta/script.txt"
  INPUT=$(file_line "$ROOT/Quanta/script.txt")
  extract_lines
  assert_success
  assert_json '.datasets[0].preview' "$DATA/Quanta/script.txt.thumb.png"
}

# ---------------------------------------------------------------------------------------------------------------- the corpus

# Every expectation of a folder through the program itself.
check_corpus() {
  need_corpus "$1"
  export NX_INSTRUMENT_DATA_PATH=$CORPUS
  for expected in "$CORPUS/$1"/*.expected.json; do
    jq -c --arg folder "$CORPUS/$1/" '{kind: "file", path: ($folder + .file), mtime, instrument}' "$expected"
  done > "$BATS_TEST_TMPDIR/lines"
  run bash -c 'nx-extract -j 2 < "$0" 2>/dev/null' "$BATS_TEST_TMPDIR/lines"
  assert_success
  printf '%s\n' "$output" > "$BATS_TEST_TMPDIR/answers"
  run python3 - "$CORPUS/$1" "$DATA/$1" "$BATS_TEST_TMPDIR/answers" <<'PYTHON'
import glob, json, os, struct, sys
folder, data, answers = sys.argv[1:]
answers = {json.loads(line)["path"]: json.loads(line) for line in open(answers)}
for path in sorted(glob.glob(folder + "/*.expected.json")):
    expected = json.load(open(path))
    answer = answers[os.path.join(folder, expected["file"])]
    assert answer["extractor"] == expected["extractor"], (path, answer["extractor"])
    [dataset] = answer["datasets"]
    nx_meta = dict(dataset["nx_meta"])
    block = nx_meta.pop("NexusLIMS Extraction")
    wanted = [expected["nx_meta"]] + [expected[k] for k in ("nx_meta_tolerant",) if k in expected]
    assert nx_meta in wanted, (path, nx_meta)
    assert ("Extractor Warnings" in block) == ("extractor_warning_startswith" in expected), (path, block)
    document = json.load(open(os.path.join(data, expected["file"] + ".json")))
    assert document.pop("nx_meta") == dataset["nx_meta"], path
    if "raw" in expected:
        assert document == expected["raw"], path
    if expected["preview"]["generated"]:
        png = open(dataset["preview"], "rb").read()
        assert struct.unpack(">II", png[16:24]) == (500, 500), path
PYTHON
  assert_success
}

@test "FEI images of the corpus give the expected metadata, warnings and previews" { check_corpus fei-tif; }
@test "helium ion images of the corpus give the expected metadata, warnings and previews" { check_corpus orion; }
@test "Tescan images of the corpus give the expected metadata, warnings and previews" { check_corpus tescan; }
@test "pictures of the corpus give the expected metadata, warnings and previews" { check_corpus image; }
@test "text files of the corpus give the expected metadata, warnings and previews" { check_corpus text; }

# The other layout of expectations: several cases a file, each with its instrument, through our own profiles.
check_cases() {
  need_corpus "$1"
  export NX_INSTRUMENT_DATA_PATH=$CORPUS/$1
  run python3 - "$CORPUS/$1" <<'PYTHON'
import datetime, glob, json, math, subprocess, sys
folder = sys.argv[1]
lines, wanted = [], []
for path in sorted(glob.glob(folder + "/*.expected.json")):
    expected = json.load(open(path))
    mtime = datetime.datetime.fromisoformat(expected["assume"]["mtime"].replace("Z", "+00:00")).timestamp()
    for case in expected["cases"]:
        pid = case["instrument"]
        instrument = {"instrument_pid": pid, "timezone": case["timezone"]} if pid else None
        lines.append(json.dumps({"kind": "file", "path": folder + "/" + expected["file"], "mtime": mtime, "instrument": instrument}))
        wanted.append((path, pid, case["nx_meta"]))

def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) in (int, float) and type(b) in (int, float):
        return math.isclose(a, b, rel_tol=1e-9)
    return type(a) == type(b) and a == b

answers = subprocess.run(["nx-extract", "-j", "2"], input="\n".join(lines), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
answers = answers.stdout.splitlines()
assert lines and len(answers) == len(lines), len(answers)
for answer, (path, pid, expected) in zip(answers, wanted):
    got = [dataset["nx_meta"] for dataset in json.loads(answer)["datasets"]]
    for nx_meta in got:
        del nx_meta["NexusLIMS Extraction"]
    assert same(got, expected), (path, pid, got, expected)
PYTHON
  assert_success
}

@test "DigitalMicrograph files of the corpus give the expected metadata for every instrument" { check_cases dm; }
@test "TIA series of the corpus give the expected metadata for every instrument" { check_cases tia; }
@test "EDAX spectra of the corpus give the expected metadata for every instrument" { check_cases edax; }

# ------------------------------------------------------------------------------------------------------------------ profiles

@test "a profile that loops, floods memory or crashes costs its own changes only" {
  make_fei_tiff "$ROOT/Quanta/a.tif"
  mkdir "$BATS_TEST_TMPDIR/profiles"
  export NX_LOCAL_PROFILES_PATH=$BATS_TEST_TMPDIR/profiles
  printf '# instrument: FEI-*\next("Good"; 1)' > "$NX_LOCAL_PROFILES_PATH/b.jq"
  for program in 'last(repeat(1))' '[range(1e12)] | length' 'def f: [f]; f'; do
    printf '# instrument: FEI-*\n%s' "$program" > "$NX_LOCAL_PROFILES_PATH/a.jq"
    INPUT=$(file_line "$ROOT/Quanta/a.tif")
    extract_lines
    assert_success
    assert_json '.datasets[0].nx_meta.extensions.Good' 1
    assert_json '.datasets[0].nx_meta.acceleration_voltage.value' 5000
    grep -q "profile a.jq failed" "$LOG"
  done
}

@test "of several profiles that break their reader each costs its own changes only, and each that fails is said once" {
  mkdir "$BATS_TEST_TMPDIR/profiles"
  export NX_LOCAL_PROFILES_PATH=$BATS_TEST_TMPDIR/profiles
  add() { printf '# instrument: *\n%s' "$2" > "$NX_LOCAL_PROFILES_PATH/$1"; }
  add a_fails.jq 'error("no")'
  add b_crashes.jq 'def f: [f]; f'
  add c_good.jq 'ext("Good"; 1)'
  add d_loops.jq 'last(repeat(1))'
  add e_floods.jq '[range(1e12)] | length'
  add f_good.jq 'ext("Good Too"; 2)'
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_success
  assert_json '.datasets[0].nx_meta.extensions | tojson' '{"Good":1,"Good Too":2}'
  for name in a_fails b_crashes d_loops e_floods; do
    [ "$(grep -c "profile $name.jq failed" "$LOG")" = 1 ]
  done
}

@test "a field that a profile puts where it does not belong moves to extensions" {
  mkdir "$BATS_TEST_TMPDIR/profiles"
  export NX_LOCAL_PROFILES_PATH=$BATS_TEST_TMPDIR/profiles
  echo '.nx_meta.camera_length = q(5; "millimeter") | .nx_meta.Nonsense = 1.0' > "$NX_LOCAL_PROFILES_PATH/FEI-Quanta.jq"
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_json '.datasets[0].nx_meta.extensions | tojson' '{"Camera Length":{"value":5,"unit":"millimeter"},"Nonsense":1}'
}

@test "profiles are checked by name and in whole" {
  echo '.' > "$BATS_TEST_TMPDIR/good.jq"
  echo '.[' > "$BATS_TEST_TMPDIR/bad.jq"
  run nx-extract --check-profiles
  assert_success
  assert_output --partial FEI-Titan-TEM.jq
  run nx-extract --check-profiles "$BATS_TEST_TMPDIR/good.jq" "$BATS_TEST_TMPDIR/bad.jq"
  assert_failure 1
  assert_line --partial "good.jq: ok"
  assert_line --partial "bad.jq: at its end: syntax error"
}

@test "a FIFO among the profiles is passed over with a warning, and one that is named is read" {
  cd "$BATS_TEST_TMPDIR"
  mkdir profiles
  mkfifo profiles/a.jq profiles/b.json
  printf '# instrument: *\next("Good"; 1)' > profiles/c.jq
  export NX_LOCAL_PROFILES_PATH=$PWD/profiles
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_json '.datasets[0].nx_meta.extensions.Good' 1
  for name in a.jq b.json; do grep -q "WARNING: .*profiles/$name is not a regular file" "$LOG"; done
  run nx-extract --check-profiles
  assert_line "$PWD/profiles/c.jq: ok"
  run nx-extract --check-profiles <(cat profiles/c.jq)
  assert_success
  run --separate-stderr nx-extract --no-preview --profile <(cat profiles/c.jq) "$ROOT/Quanta/note.txt"
  [ "$(jq .nx_meta.extensions.Good <<<"$output")" = 1 ]
}

@test "what is wrong with a profile is said with its line, and nothing of what stands around it" {
  cd "$BATS_TEST_TMPDIR"
  printf '# instrument: X\n.nx_meta |= (. + {"a": 1}\n' > open.jq
  printf '.a\n| .b = = 2\n.c\n' > twice.jq
  printf '.nx_meta |= foo(1)' > unknown.jq
  printf '.a\n| bar\n\n| baz\n' > two.jq
  printf '.nx_meta |= "abc\n' > quote.jq
  run nx-extract --check-profiles open.jq twice.jq unknown.jq two.jq quote.jq
  assert_failure 1
  assert_line "open.jq: at its end: syntax error, unexpected \$end; its brackets, quotes, or words such as \`if\` and \`end\` do not match"
  assert_line "twice.jq: line 2: syntax error, unexpected '=': | .b = = 2"
  assert_line "unknown.jq: line 1: foo/1 is not defined: .nx_meta |= foo(1)"
  assert_line "two.jq: line 2: bar/0 is not defined: | bar; line 4: baz/0 is not defined: | baz"
  assert_line --regexp '^quote\.jq: line 1: syntax error, unexpected \$end.*: \.nx_meta \|= "abc$'
}

@test "a profile with the line ends of Windows is told its line, and one of nothing but comments is good" {
  cd "$BATS_TEST_TMPDIR"
  printf '# instrument: X\r\n.a\r\n| bar\r\n' > windows.jq
  : > empty.jq
  printf '# instrument: X\n\n  # later\n' > comments.jq
  run nx-extract --check-profiles windows.jq empty.jq comments.jq
  assert_failure 1
  assert_output "windows.jq: line 3: bar/0 is not defined: | bar
empty.jq: ok
comments.jq: ok"
  run --separate-stderr nx-extract --no-preview --profile comments.jq "$ROOT/Quanta/note.txt"
  [ -z "$stderr" ]
  [ "$(jq -r .nx_meta.DatasetType <<<"$output")" = Unknown ]
}
