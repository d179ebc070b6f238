#!/usr/bin/env bats
# nx-find-files: session lines → files and activities (LINES; record-building §2.3, §4, §6).
load lib

setup() {
  export NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR/data
  mkdir -p "$NX_INSTRUMENT_DATA_PATH/Titan"
}

# file NAME TIME [SIZE]: below the instrument's folder, modified at TIME (as touch -d reads it).
file() {
  mkdir -p "$(dirname "$NX_INSTRUMENT_DATA_PATH/Titan/$1")"
  head -c "${3:-0}" /dev/zero > "$NX_INSTRUMENT_DATA_PATH/Titan/$1"
  touch -d "$2" "$NX_INSTRUMENT_DATA_PATH/Titan/$1"
}

# session [JQ FILTER]: a session of 2024-02-05, 10 to 11 o'clock in Denver.
session() {
  jq -c "${1:-.}" <<<'{"kind":"session","session_identifier":"https://nemo.example.com/api/usage_events/?id=31",
    "instrument":{"instrument_pid":"Titan-1","filestore_path":"./Titan","timezone":"America/Denver"},
    "start":"2024-02-05T10:00:00-07:00","end":"2024-02-05T11:00:00-07:00","user":"ned","status":"TO_BE_BUILT"}'
}

names() {
  jq -r '[.files[].path | sub(".*/Titan/"; "")] | join(" ")'
}

@test "files of the window come by time, with path, mtime and size" {
  file b.dm3 '2024-02-05 17:30:00.25 UTC' 5
  file a.tif '2024-02-05 17:45 UTC'
  file early.dm3 '2024-02-05 17:00 UTC'
  file late.dm3 '2024-02-05 18:00:00.000000001 UTC'
  run nx-find-files <<<"$(session)"
  assert_success
  assert_json '.files[0].path' "$NX_INSTRUMENT_DATA_PATH/Titan/b.dm3"
  assert_json '.files[0].mtime' 1707154200.25
  assert_json '.files[0].size' 5
  assert_json '.files | length' 2
  assert_json '.activities | flatten | sort | tostring' '[0,1]'
  assert_json '.status' TO_BE_BUILT
}

# NX_DATA_PATH and NX_SITE_PATH in the instrument's folder, reached through a link, and files of the window in all of them
write_into_the_share() {
  local folder
  for folder in nx/copies nx/logs nx/records site/records sub data; do file $folder/x.log '2024-02-05 17:30 UTC'; done
  ln -s "$NX_INSTRUMENT_DATA_PATH/Titan" "$BATS_TEST_TMPDIR/link"
  ln -s ../nx "$NX_INSTRUMENT_DATA_PATH/Titan/sub/to_ours"
  export NX_FILE_STRATEGY=inclusive NX_DATA_PATH=$BATS_TEST_TMPDIR/link/nx NX_SITE_PATH=$BATS_TEST_TMPDIR/link/site
}

@test "what NexusLIMS writes itself is left out where it lies in the instrument's folder, and so it says once" {
  write_into_the_share
  run --separate-stderr nx-find-files -v <<<"$(session; session '.start = "2024-02-01T10:00:00-07:00"')"
  assert_success
  [ "$(names <<<"$output")" = 'data/x.log sub/x.log
data/x.log sub/x.log' ] || fail "$output"
  assert_equal "$(grep -c "Titan/nx holds what NexusLIMS writes itself; left out" <<<"$stderr")" 1
  assert_equal "$(grep -c "Titan/site holds what NexusLIMS writes itself; left out" <<<"$stderr")" 1
}

@test "NX_RECORDS_PATH and NX_LOG_PATH alone are left out too" {
  write_into_the_share
  mkdir "$BATS_TEST_TMPDIR/nx"
  unset NX_SITE_PATH
  NX_DATA_PATH=$BATS_TEST_TMPDIR/nx NX_RECORDS_PATH=$NX_INSTRUMENT_DATA_PATH/Titan/nx/records \
    NX_LOG_PATH=$NX_INSTRUMENT_DATA_PATH/Titan/nx/logs run nx-find-files <<<"$(session)"
  assert_success
  [ "$(names <<<"$output")" = 'data/x.log nx/copies/x.log site/records/x.log sub/x.log' ] || fail "$output"
}

@test "nothing is left out when the instruments' data lie in NX_DATA_PATH, or an instrument's folder is it" {
  file a.dm3 '2024-02-05 17:30 UTC'
  for ours in "$BATS_TEST_TMPDIR" "$NX_INSTRUMENT_DATA_PATH" "$NX_INSTRUMENT_DATA_PATH/Titan"; do
    NX_DATA_PATH=$ours run nx-find-files <<<"$(session)"
    assert_success
    [ "$(names <<<"$output")" = a.dm3 ] || fail "$output"
  done
}

@test "a session whose window holds no file becomes NO_FILES_FOUND and keeps its identifier" {
  run --separate-stderr nx-find-files <<<"$(session)"
  assert_success
  assert_json '.status' NO_FILES_FOUND
  assert_json '.error.stage' nx-find-files
  assert_json '.session_identifier' 'https://nemo.example.com/api/usage_events/?id=31'
  assert_json 'has("files")' false
  [[ $stderr == *"WARNING"*"No files found for this session"* ]]
}

@test "before the delay has passed a session without files is postponed and keeps its status" {
  run --separate-stderr nx-find-files <<<"$(session ".end = \"$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%S+00:00)\"")"
  assert_success
  assert_json '.status' TO_BE_BUILT
  assert_json '.postponed.stage' nx-find-files
  NX_FILE_DELAY_DAYS=0.01 run --separate-stderr nx-find-files <<<"$(session ".end = \"$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%S+00:00)\"")"
  assert_json '.status' NO_FILES_FOUND
}

@test "a missing instrument folder postpones a young session and ends an old one with ERROR, naming the folder" {
  rmdir "$NX_INSTRUMENT_DATA_PATH/Titan"
  run --separate-stderr nx-find-files <<<"$(session ".end = \"$(date -u +%Y-%m-%dT%H:%M:%S+00:00)\"")"
  assert_success
  assert_json '.status' TO_BE_BUILT
  assert_json '.postponed.message' "cannot open folder $NX_INSTRUMENT_DATA_PATH/Titan: No such file or directory"
  run --separate-stderr nx-find-files <<<"$(session)"
  assert_json '.status' ERROR
  assert_json '.error.message' "cannot open folder $NX_INSTRUMENT_DATA_PATH/Titan: No such file or directory"
  [[ $stderr == *" ERROR: "* ]]
}

@test "a folder that leads out of the share is not looked into: the session waits, then ends with ERROR, saying what to do" {
  local folder wanted
  mkdir "$NX_INSTRUMENT_DATA_PATH/X" "$BATS_TEST_TMPDIR/other"
  file a.dm3 '2024-02-05 17:30 UTC'
  cp -p "$NX_INSTRUMENT_DATA_PATH/Titan/a.dm3" "$BATS_TEST_TMPDIR/other/"
  for folder in ../other X/../Titan Titan/.. ..; do
    wanted="the filestore_path of Titan-1, $folder, leads out of NX_INSTRUMENT_DATA_PATH: give it one without '..' with 'nexuslims instruments manage'"
    run --separate-stderr nx-find-files <<<"$(session ".instrument.filestore_path = \"$folder\" | .end = \"$(date -u +%Y-%m-%dT%H:%M:%S+00:00)\"")"
    assert_success
    assert_json '.status' TO_BE_BUILT
    assert_json '.postponed.message' "$wanted"
    assert_json '.files' null
    run --separate-stderr nx-find-files <<<"$(session ".instrument.filestore_path = \"$folder\"")"
    assert_success
    assert_json '.status' ERROR
    assert_json '.error.message' "$wanted"
    assert_json '.files' null
    [[ $stderr == *" ERROR: session "*"$wanted"* ]]
  done
  mv "$NX_INSTRUMENT_DATA_PATH/Titan" "$NX_INSTRUMENT_DATA_PATH/..Titan.."
  run --separate-stderr nx-find-files <<<"$(session '.instrument.filestore_path = "..Titan.."')"
  assert_json '.files | length' 1
}

@test "a data root that is gone postpones sessions and does not stop the run" {
  NX_INSTRUMENT_DATA_PATH=$BATS_TEST_TMPDIR/gone run --separate-stderr nx-find-files <<<"$(session '.end = "2999-01-01T00:00:00Z"')"
  assert_success
  assert_json '.postponed.stage' nx-find-files
}

@test "a folder below that may not be read is left out with a warning" {
  [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip "root reads every folder, and setpriv is not there"
  file a.dm3 '2024-02-05 17:30 UTC'
  file secret/b.dm3 '2024-02-05 17:31 UTC'
  chmod 0 "$NX_INSTRUMENT_DATA_PATH/Titan/secret"
  drop=()
  [ "$(id -u)" != 0 ] || drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null
  "${drop[@]}" test -r "$NX_INSTRUMENT_DATA_PATH/Titan/a.dm3" || skip "the scratch folder is closed to other users"
  run --separate-stderr "${drop[@]}" "$NX_BUILD/bin/nx-find-files" <<<"$(session)"
  chmod 755 "$NX_INSTRUMENT_DATA_PATH/Titan/secret"
  assert_success
  assert_json '.files | length' 1
  [[ $stderr == *"WARNING: cannot open folder $NX_INSTRUMENT_DATA_PATH/Titan/secret"* ]]
}

@test "the exclusive strategy takes real formats only, the inclusive one everything that is not ignored" {
  for name in a.dm3 b.DM4 c.ser d.tif e.tiff f.spc g.msa h.h5 i.emi j.txt k.png l.mib m.db n.hdr o; do
    file $name '2024-02-05 17:30 UTC'
  done
  run bash -c "nx-find-files | jq -r '[.files[].path | sub(\".*/\"; \"\")] | join(\" \")'" <<<"$(session)"
  assert_output "a.dm3 b.DM4 c.ser d.tif e.tiff f.spc g.msa h.h5"
  NX_FILE_STRATEGY=inclusive run bash -c "nx-find-files | jq -r '[.files[].path | sub(\".*/\"; \"\")] | join(\" \")'" <<<"$(session)"
  assert_output "a.dm3 b.DM4 c.ser d.tif e.tiff f.spc g.msa h.h5 j.txt k.png o"
  NX_FILE_STRATEGY=Inclusive NX_IGNORE_PATTERNS='["?.[a-m]*"]' run bash -c "nx-find-files | jq -r '[.files[].path | sub(\".*/\"; \"\")] | join(\" \")'" <<<"$(session)"
  assert_output "c.ser d.tif e.tiff f.spc j.txt k.png o"
}

@test "a text that Tescan's software writes beside a picture is no file of its own, whichever name it has" {
  for name in a.tif a-tif.hdr B.TIF B-TIF.HDR c.tif c.hdr; do
    file $name '2024-02-05 17:30 UTC'
  done
  for strategy in exclusive inclusive; do
    NX_FILE_STRATEGY=$strategy run bash -c "nx-find-files | jq -r '[.files[].path | sub(\".*/\"; \"\")] | sort | join(\" \")'" <<<"$(session)"
    assert_output "B.TIF a.tif c.tif"
  done
}

@test "whatever becomes of a session, its line is one of share/schema/lines.json" {
  file a.dm3 '2024-02-05 17:30 UTC'
  sessions=$(session; session '.start = "2023-01-01T00:00:00Z" | .end = "2023-01-01T01:00:00Z"'; session '.instrument.filestore_path = "gone"'
    session '.instrument.filestore_path = "gone" | .end = "2999-01-01T00:00:00Z"'; session '.status = "NO_CONSENT" | .error = {stage:"x", message:"y"}')
  run --separate-stderr nx-find-files <<<"$sessions"
  assert_success
  [ "$(jq -r .status <<<"$output" | tr '\n' ' ')" = "TO_BE_BUILT NO_FILES_FOUND ERROR TO_BE_BUILT NO_CONSENT " ]
  "$NX_SOURCE/tests/check-lines" <<<"$output"
  run "$NX_SOURCE/tests/check-lines" <<<"$(session '.status = "LOST" | .activities = [[]]')"
  assert_failure
  assert_equal "${#lines[@]}" 3
}

@test "a strategy that is none of the two is exclusive, with a warning" {
  file a.dm3 '2024-02-05 17:30 UTC'
  file b.txt '2024-02-05 17:30 UTC'
  NX_FILE_STRATEGY=both run --separate-stderr nx-find-files <<<"$(session)"
  assert_success
  assert_json '.files | length' 1
  [[ $stderr == *WARNING*NX_FILE_STRATEGY*both* ]]
}

@test "the extensions of a plug-in are looked for, and a broken plug-in costs only its own files" {
  mkdir "$BATS_TEST_TMPDIR/plugins"
  printf '#!/bin/sh\necho %s\n' "'"'{"kind":"format","name":"xyz","extensions":["xyz"],"priority":150}'"'" > "$BATS_TEST_TMPDIR/plugins/nx-extract-xyz"
  printf '#!/bin/sh\nexit 3\n' > "$BATS_TEST_TMPDIR/plugins/nx-extract-broken"
  chmod +x "$BATS_TEST_TMPDIR"/plugins/*
  file a.xyz '2024-02-05 17:30 UTC'
  file b.dm3 '2024-02-05 17:31 UTC'
  PATH=$BATS_TEST_TMPDIR/plugins:$PATH run --separate-stderr nx-find-files <<<"$(session)"
  assert_success
  [ "$(names <<<"$output")" = "a.xyz b.dm3" ]
  [[ $stderr == *"WARNING: nx-extract-broken --describe"* ]]
}

# format_plugin NAME LINE: a program on PATH that says LINE about itself
format_plugin() {
  mkdir -p "$BATS_TEST_TMPDIR/plugins"
  printf "#!/bin/sh\necho '%s'\nenv >\"\$0.env\"\n" "$2" > "$BATS_TEST_TMPDIR/plugins/nx-extract-$1"
  chmod +x "$BATS_TEST_TMPDIR/plugins/nx-extract-$1"
  export PATH=$BATS_TEST_TMPDIR/plugins:$PATH
}

@test "an extension of a plug-in may be written with its dot and in capitals" {
  format_plugin dot '{"kind":"format","name":"dot","extensions":[".dot",".BIG"],"priority":150}'
  file a.dot '2024-02-05 17:30 UTC'
  file b.Big '2024-02-05 17:31 UTC'
  run --separate-stderr nx-find-files <<<"$(session)"
  assert_success
  assert_equal "$(names <<<"$output")" "a.dot b.Big"
  assert_equal "$stderr" ''
}

@test "what is no extension is left out by name, and what is no format line costs the plug-in" {
  format_plugin odd '{"kind":"format","extensions":["*","x.y","",null,5,"..z","ok"]}'
  format_plugin other '{"kind":"file","extensions":["other"]}'
  for name in a.ok a.x.y a.5 a.z a.other; do file $name '2024-02-05 17:30 UTC'; done
  run --separate-stderr nx-find-files <<<"$(session)"
  assert_success
  assert_equal "$(names <<<"$output")" a.ok
  for text in '*' x.y null 5 ..z; do grep -qF "nx-extract-odd --describe: '$text' is not a file name extension" <<<"$stderr"; done
  grep -qF "nx-extract-other --describe" <<<"$stderr"
}

@test "a plug-in that is asked what it reads gets no secret of ours" {
  export NX_CDCS_TOKEN=hush-hush NX_EMAIL_SMTP_PASSWORD=hush-hush MY_TOKEN=hush-hush
  format_plugin xyz '{"kind":"format","name":"xyz","extensions":["xyz"]}'
  run --separate-stderr nx-find-files <<<"$(session)"
  assert_success
  run cat "$BATS_TEST_TMPDIR/plugins/nx-extract-xyz.env"
  assert_line --partial PATH=
  refute_output --partial hush-hush
}

@test "a plug-in that hangs instead of naming its extensions is ended, its output closed or not" {
  mkdir "$BATS_TEST_TMPDIR/plugins"
  printf '#!/bin/sh\nexec sleep 600\n' > "$BATS_TEST_TMPDIR/plugins/nx-extract-mute"
  printf '#!/bin/sh\nexec >&-\nexec sleep 600\n' > "$BATS_TEST_TMPDIR/plugins/nx-extract-hang"
  chmod +x "$BATS_TEST_TMPDIR"/plugins/*
  file a.dm3 '2024-02-05 17:30 UTC'
  PATH=$BATS_TEST_TMPDIR/plugins:$PATH NX_TEST_TIME_SCALE=0.05 run --separate-stderr timeout -k 1 20 nx-find-files <<<"$(session)"
  assert_success
  assert_equal "$(names <<<"$output")" a.dm3
  [[ $stderr == *"WARNING: nx-extract-hang --describe"*"did not finish within 10 s"* ]]
  [[ $stderr == *"WARNING: nx-extract-mute --describe"*"did not finish within 10 s"* ]]
}

@test "a signal ends the search while a plug-in is asked" {
  mkdir "$BATS_TEST_TMPDIR/plugins"
  printf '#!/bin/sh\nexec >&-\n: >"$0.started"\nexec sleep 600\n' > "$BATS_TEST_TMPDIR/plugins/nx-extract-hang"
  chmod +x "$BATS_TEST_TMPDIR"/plugins/*
  session > "$BATS_TEST_TMPDIR/in"
  PATH=$BATS_TEST_TMPDIR/plugins:$PATH nx-find-files <"$BATS_TEST_TMPDIR/in" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
  child=$!
  for _ in $(seq 200); do [ -e "$BATS_TEST_TMPDIR/plugins/nx-extract-hang.started" ] && break; sleep 0.05; done
  kill -TERM "$child"
  for _ in $(seq 200); do kill -0 "$child" 2>/dev/null || break; sleep 0.05; done
  kill -KILL "$child" 2>/dev/null || true
  code=0
  wait "$child" || code=$?
  assert_equal "$code" 1
  assert_equal "$(cat "$BATS_TEST_TMPDIR/err")" ''
}

@test "one walk serves all sessions of an instrument" {
  file a.dm3 '2024-02-05 17:30 UTC'
  file b.dm3 '2024-02-06 17:30 UTC'
  sessions=$(session; session '.start = "2024-02-06T10:00:00-07:00" | .end = "2024-02-06T11:00:00-07:00"'; session '.start = "2024-02-01T10:00:00-07:00"')
  run --separate-stderr nx-find-files -vv <<<"$sessions"
  assert_success
  [ "$(names <<<"$output")" = $'a.dm3\nb.dm3\na.dm3' ]
  [ "$(grep -c 'DEBUG: walked' <<<"$stderr")" = 1 ]
}

@test "sessions that arrive one by one are answered one by one, from one walk" {
  file a.dm3 '2024-02-05 17:30 UTC'
  mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
  nx-find-files -vv < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/log" &
  pid=$!
  exec 5> "$BATS_TEST_TMPDIR/in" 6< "$BATS_TEST_TMPDIR/out"
  session >&5
  read -r -t 20 first <&6
  session >&5
  read -r -t 20 second <&6
  exec 5>&- 6<&-
  wait $pid
  [ "$(names <<<"$first")" = a.dm3 ]
  [ "$(names <<<"$second")" = a.dm3 ]
  [ "$(grep -c 'DEBUG: walked' "$BATS_TEST_TMPDIR/log")" = 1 ]
}

@test "lines of another status, with an error or postponed, pass untouched" {
  for filter in '.status = "NO_CONSENT"' '.error = {"stage":"x","message":"y"}' '.postponed = {"stage":"x","message":"y"}' '.extra = 13000.0 | .status = "COMPLETED"'; do
    line=$(session "$filter")
    run nx-find-files <<<"$line"
    assert_success
    assert_output "$line"
  done
}

@test "a line with files is only grouped: neither folder nor data path is needed" {
  unset NX_INSTRUMENT_DATA_PATH
  run nx-find-files <<<'{"kind":"session","status":"TO_BE_BUILT","files":[{"path":"/x/b","mtime":20.5},{"path":"/x/a","mtime":10}]}'
  assert_success
  assert_output '{"kind":"session","status":"TO_BE_BUILT","files":[{"path":"/x/b","mtime":20.5},{"path":"/x/a","mtime":10}],"activities":[[1,0]]}'
}

@test "two groups an hour apart are two activities, and one with sensitivity 0" {
  for i in 0 1 2 3 4 5; do
    file a$i.dm3 "2024-02-05 17:01:0$i UTC"
    file b$i.dm3 "2024-02-05 17:55:1$i UTC"
  done
  touch -d '2024-02-05 17:01:08 UTC' "$NX_INSTRUMENT_DATA_PATH/Titan/a5.dm3"
  run nx-find-files <<<"$(session)"
  assert_json '.activities | tostring' '[[0,1,2,3,4,5],[6,7,8,9,10,11]]'
  NX_CLUSTERING_SENSITIVITY=0 run nx-find-files <<<"$(session)"
  assert_json '.activities | tostring' '[[0,1,2,3,4,5,6,7,8,9,10,11]]'
}

@test "a path that is not UTF-8 travels with its bytes" {
  file $'bad\xff.dm3' '2024-02-05 17:30 UTC'
  run nx-find-files <<<"$(session)"
  assert_success
  assert_json '.files[0].path | endswith("bad\ufffd.dm3")' true
  [ "$(tail -n 1 <<<"$output" | jq -r '.files[0].path_b64' | base64 -d)" = "$NX_INSTRUMENT_DATA_PATH/Titan/"$'bad\xff.dm3' ]
}

@test "a time that cannot be read ends that session and not the run" {
  file a.dm3 '2024-02-05 17:30 UTC'
  run --separate-stderr nx-find-files <<<"$(session '.start = "yesterday"'; session)"
  assert_success
  [ "$(jq -r .status <<<"$output")" = $'ERROR\nTO_BE_BUILT' ]
}

@test "old rows without offset are wall clock of the instrument" {
  file a.dm3 '2024-02-05 17:30 UTC'
  run nx-find-files <<<"$(session '.start = "2024-02-05T10:00:00" | .end = "2024-02-05T11:00:00"')"
  assert_json '.files | length' 1
}

@test "input that is no session line stops with its number, exit 2; earlier lines are out" {
  file a.dm3 '2024-02-05 17:30 UTC'
  good=$(session)
  for bad in 'not json' '[1]' '{"no":"kind"}' '{"kind":"instrument"}' '{"kind":"session"}' "$(session 'del(.start)')" \
    "$(session 'del(.instrument)')" "$(session '.files = [{"path":"/x"}]')" $'{"kind":"session\xff"}'; do
    run --separate-stderr nx-find-files <<<"$good"$'\n'"$bad"
    assert_equal "$status" 2
    [ "$(wc -l <<<"$output")" = 1 ]
    [[ $stderr == *"Error: line 2: "* ]]
  done
}

@test "a line of 50 MB is refused with its number" {
  { session '.status = "COMPLETED"'; printf '{"kind":"session","status":"'; head -c 50000000 /dev/zero | tr '\0' x; echo '"}'; } > "$BATS_TEST_TMPDIR/in"
  run --separate-stderr nx-find-files < "$BATS_TEST_TMPDIR/in"
  assert_equal "$status" 2
  [[ $stderr == *"line 2: longer than 40 MiB"* ]]
}

@test "without a data path a session cannot be searched: exit 1, saying what to set" {
  unset NX_INSTRUMENT_DATA_PATH
  run --separate-stderr nx-find-files <<<"$(session)"
  assert_equal "$status" 1
  [[ $stderr == *NX_INSTRUMENT_DATA_PATH* ]]
}

@test "a wrong setting stops the program before it reads a line" {
  NX_CLUSTERING_SENSITIVITY=-1 run --separate-stderr nx-find-files <<<"$(session)"
  assert_equal "$status" 1
  assert_output ''
  [[ $stderr == *NX_CLUSTERING_SENSITIVITY* ]]
}

@test "output that cannot be written is an error" {
  [ -w /dev/full ] || skip "no /dev/full"
  file a.dm3 '2024-02-05 17:30 UTC'
  run bash -c 'nx-find-files > /dev/full' <<<"$(session)"
  assert_equal "$status" 2
  assert_output --partial 'cannot write'
}
