#!/usr/bin/env bats
# nx-extract FILE… — the same by hand: metadata on standard output, the preview beside the file.
bats_require_minimum_version 1.5.0
load lib

setup() {
  cd "$BATS_TEST_TMPDIR"
  echo "a note" > note.txt
  echo "another" > other.txt
}

@test "one file prints its metadata, and no configuration is needed" {
  run --separate-stderr nx-extract note.txt
  assert_success
  [ "$(jq -r .nx_meta.DatasetType <<<"$output")" = Unknown ]
  [ "${lines[1]}" = '  "nx_meta": {' ]
  [ "${stderr_lines[0]}" = "Preview: $BATS_TEST_TMPDIR/note.txt.thumb.png" ]
  [ -s note.txt.thumb.png ]
  [ ! -e note.txt.json ]
}

@test "several files print a line each" {
  run --separate-stderr nx-extract --no-preview note.txt other.txt
  assert_success
  [ "$(jq -r .path <<<"$output")" = "$BATS_TEST_TMPDIR/note.txt"$'\n'"$BATS_TEST_TMPDIR/other.txt" ]
  [ ! -e note.txt.thumb.png ]
}

@test "a file with several signals prints a list" {
  need_corpus dm
  cp "$(ls "$CORPUS"/dm/*multi_signal.dm3 | head -n 1)" two.dm3
  run --separate-stderr nx-extract --no-preview two.dm3
  assert_success
  [ "$(jq 'length > 1 and all(.[]; has("nx_meta"))' <<<"$output")" = true ]
}

@test "a preview goes where it is asked for, and its folders are made" {
  run --separate-stderr nx-extract --no-metadata -p deep/er/p.png note.txt
  assert_success
  [ -z "$output" ]
  [ -s deep/er/p.png ]
  [ ! -e note.txt.thumb.png ]
}

@test "what exists is kept without --overwrite, and replaced with it" {
  echo mine > note.txt.thumb.png
  echo mine > note.txt.json
  run --separate-stderr nx-extract --write note.txt
  assert_success
  [ "$(cat note.txt.thumb.png note.txt.json)" = $'mine\nmine' ]
  [[ $stderr == *"note.txt.thumb.png (it was there already"* ]]
  run --separate-stderr nx-extract --write --overwrite note.txt
  assert_success
  jq -e .nx_meta note.txt.json
  [ "$(cat note.txt.thumb.png | head -c 4 | tail -c 3)" = PNG ]
}

@test "--write puts the metadata at its mirrored place when the file is an instrument's" {
  mkdir -p root/Quanta data
  cp note.txt root/Quanta/
  NX_INSTRUMENT_DATA_PATH=$PWD/root NX_DATA_PATH=$PWD/data run --separate-stderr nx-extract --write root/Quanta/note.txt
  assert_success
  jq -e .nx_meta data/Quanta/note.txt.json
  [ -s root/Quanta/note.txt.thumb.png ]
}

@test "a further profile runs for the file at hand" {
  echo 'ext("Tried"; true)' > try.jq
  run --separate-stderr nx-extract --no-preview --profile try.jq note.txt
  assert_success
  [ "$(jq .nx_meta.extensions.Tried <<<"$output")" = true ]
}

@test "what a profile writes to stderr is a record of the log, as what it gives to debug is" {
  printf '"half a line" | stderr | error' > loud.jq
  run --separate-stderr nx-extract -vv --no-preview --profile loud.jq note.txt
  assert_success
  [[ $stderr == *'DEBUG: profile loud.jq: DEBUG: "half a line"'* ]]
  [[ $stderr == *"profile loud.jq"*"half a line"* ]]
  run ! grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3} nx-extract ' <<<"$stderr"
}

@test "wrong usage is told" {
  for program in nx-extract "nexuslims extract"; do
    run $program --no-metadata --no-preview note.txt
    assert_failure 2
    assert_line 'Error: Cannot use both --no-metadata and --no-preview.' # cli §2.3
  done
  run nx-extract -p x.png note.txt other.txt
  assert_failure 2
  run nx-extract missing.txt
  assert_failure 2
  run nx-extract "$BATS_TEST_TMPDIR"
  assert_failure 2
}

@test "nexuslims extract takes the instrument whose folder holds the file, the longest" {
  mkdir -p root/Quanta/inner data
  cp note.txt root/Quanta/inner/
  export NX_INSTRUMENT_DATA_PATH=$PWD/root NX_DATA_PATH=$PWD/data NX_DB_PATH=$PWD/test.db
  nexuslims db init
  python3 - <<'PYTHON'
import sqlite3
with sqlite3.connect("test.db") as database:
    for pid, folder, zone in (("OUTER", "Quanta", "UTC"), ("INNER", "./Quanta/inner", "America/Denver"), ("OTHER", "Qua", "UTC")):
        database.execute("INSERT INTO instruments (instrument_pid, api_url, calendar_url, location, display_name, property_tag, filestore_path,"
                         " harvester, timezone) VALUES (?, ?, '', '', ?, '', ?, 'nemo', ?)", (pid, "https://n/" + pid, pid, folder, zone))
PYTHON
  echo '. | ext("PID"; $instrument.instrument_pid)' > profile.jq
  mkdir profiles
  { echo '# instrument: *'; cat profile.jq; } > profiles/a.jq
  NX_LOCAL_PROFILES_PATH=$PWD/profiles run --separate-stderr nexuslims extract --no-preview root/Quanta/inner/note.txt
  assert_success
  [ "$(jq -r .nx_meta.extensions.PID <<<"$output")" = INNER ]
  [[ $(jq -r '.nx_meta["Creation Time"]' <<<"$output") == *-0[67]:00 ]]
}

@test "a name of any bytes is a name: line ends, blanks, a dash, no UTF-8" {
  for name in $'new\nline.txt' '  blank .txt' '-dash.txt' $'m\xff.txt' '$(touch gone); .txt' $'\e[31m.txt'; do
    echo "a note" > "./$name"
    run --separate-stderr nx-extract -- "$name"
    assert_success
    [ "$(jq -r .nx_meta.DatasetType <<<"$output")" = Unknown ]
    [ -s "./$name.thumb.png" ]
    [[ $stderr != *$'\e'* ]]
    run --separate-stderr nexuslims extract --no-preview -- "$name"
    assert_success
  done
  [ ! -e gone ]
}

@test "no name of a file is taken for a record of the log" {
  local forged=$'x\n2025-01-31 14:05:09,123 nx-db ERROR: forged.dm3'
  echo junk >"$forged"
  run --separate-stderr nx-extract --no-preview -- "$forged"
  assert_success
  [[ $stderr == *x$'\n  2025-01-31 14:05:09,123 nx-db ERROR: forged.dm3: shorter than header'* ]] || fail "$stderr"
  NX_ENV_FILE="$forged/.env" run --separate-stderr nexuslims extract --no-preview -- "$forged"
  assert_failure
  [[ $stderr == "Error: "*x$'\n  2025-01-31 14:05:09,123 nx-db ERROR: forged.dm3/.env: '* ]] || fail "$stderr"
}

@test "data come through a pipe: standard input, a FIFO, a process of the shell" {
  need_corpus fei-tif
  local image
  image=$(ls "$CORPUS"/fei-tif/FEI-Helios-Ebeam*.tif | head -n 1)
  cp "$image" image.tif
  mkdir tmp
  export TMPDIR=$PWD/tmp
  expected=$(nx-extract --no-preview image.tif | jq -c '.nx_meta | del(.["Creation Time", "NexusLIMS Extraction"])')
  [ "$(jq -r .DatasetType <<<"$expected")" = Image ]
  mkfifo fifo.tif
  cat image.tif >fifo.tif 3>&- &
  [ "$(nx-extract --no-preview fifo.tif | jq -c '.nx_meta | del(.["Creation Time", "NexusLIMS Extraction"])')" = "$expected" ]
  [ "$(cat image.tif | nx-extract --no-preview - | jq -c '.nx_meta | del(.["Creation Time", "NexusLIMS Extraction"])')" = "$expected" ]
  [ "$(nx-extract --no-preview /dev/stdin <image.tif | jq -c '.nx_meta | del(.["Creation Time", "NexusLIMS Extraction"])')" = "$expected" ]
  [ "$(nexuslims extract --no-preview <(cat image.tif) | jq -c '.nx_meta | del(.["Creation Time", "NexusLIMS Extraction"])')" = "$expected" ]
  [ -z "$(ls tmp)" ]
}

@test "data from a pipe: the preview goes where it is asked for, and nothing is made beside the pipe" {
  nx-extract -p picture.png note.txt
  run --separate-stderr nx-extract -p preview.png - <picture.png
  assert_success
  [ "$stderr" = "Preview: preview.png" ]
  [ "$(jq -r .nx_meta.DatasetType <<<"$output")" != null ]
  [ -s preview.png ]
  run --separate-stderr nx-extract - <note.txt
  assert_success
  [[ $stderr == "No preview is made of - (--preview-path says where to)" ]]
  run --separate-stderr nx-extract --no-preview note.txt - <other.txt
  assert_success
  [ "$(jq -r .path <<<"$output")" = "$PWD/note.txt"$'\n'- ]
  run nx-extract --write - <note.txt
  assert_failure 2
  [[ $output == *"--write needs files that have a place"* ]]
  run nx-extract note.txt - <note.txt
  assert_failure 2
  [[ $output == *"with several FILEs, add --no-preview."* ]]
  TMPDIR=$PWD/nowhere run nx-extract --no-preview - <note.txt
  assert_failure 1
  [[ $output == *nowhere* ]]
}

@test "a signal ends the wait for a pipe, and no copy stays" {
  mkdir tmp
  mkfifo fifo.tif
  exec 7<>fifo.tif
  echo begun >&7
  TMPDIR=$PWD/tmp nx-extract --no-preview fifo.tif 3>&- 7>&- &
  local pid=$!
  until [ -s tmp/*/0/fifo.tif ]; do sleep 0.05; done
  kill -TERM $pid
  wait $pid && fail "it ended well" || [ $? = 1 ]
  [ -z "$(ls tmp)" ]
}

@test "a folder and what is missing are wrong usage; a device has a reason, and nobody waits for it" {
  mkdir folder.tif
  for path in folder.tif missing.tif; do
    run --separate-stderr nx-extract "$path"
    assert_failure 2
    [[ $stderr == *"File '$path' "* ]]
  done
  for path in /dev/zero /dev/null; do
    run --separate-stderr timeout 60 nx-extract --no-preview "$path"
    assert_success
    [[ $(jq -r '.nx_meta["NexusLIMS Extraction"]["Extractor Warnings"]' <<<"$output") == "Extraction failed: "*"not a regular file" ]]
  done
}

@test "a file that may not be read is wrong usage, and says so" {
  chmod 755 "$BATS_TEST_TMPDIR"
  chmod 000 note.txt
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$(command -v nx-extract)" -a -x . || skip "nobody may not look into these folders"
    nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  else
    nobody=()
  fi
  run --separate-stderr "${nobody[@]}" nx-extract note.txt
  assert_failure 2
  [[ $stderr == *"File 'note.txt' is not readable."* ]]
}

@test "'..' behind a link leads where the kernel says, by hand too" {
  mkdir -p deep/down
  ln -s deep/down lnk
  echo "a third" >deep/third.txt
  run --separate-stderr nx-extract lnk/../third.txt
  assert_success
  [ "${stderr_lines[0]}" = "Preview: $PWD/deep/third.txt.thumb.png" ]
  [ -s deep/third.txt.thumb.png ]
}

@test "--write: metadata of a file on the share go below NX_DATA_PATH, whichever way the root or the file is named" {
  mkdir -p conf share/T data
  ln -s share way
  echo "a note" >share/T/a.txt
  echo "a person's only copy" >share/T/a.txt.json
  for case in conf/../share:share/T/a.txt share:conf/../share/T/a.txt share:way/T/a.txt way:share/T/a.txt; do
    rm -rf data/*
    NX_INSTRUMENT_DATA_PATH=${case%%:*} NX_DATA_PATH=conf/../data run --separate-stderr nx-extract --write --overwrite --no-preview "${case#*:}"
    assert_success
    assert_equal "$case $(cat share/T/a.txt.json)" "$case a person's only copy"
    [ -s data/T/a.txt.json ]
  done
}

@test "a configuration of fonts whose files include one another thirty deep is read" {
  mkdir fonts
  for ((i = 0; i < 30; i++)); do
    printf '<?xml version="1.0"?><fontconfig><include>%s</include></fontconfig>' "$PWD/fonts/$((i + 1)).conf" >"fonts/$i.conf"
  done
  printf '<?xml version="1.0"?><fontconfig><include>/etc/fonts/fonts.conf</include></fontconfig>' >fonts/30.conf
  FONTCONFIG_FILE=$PWD/fonts/0.conf run --separate-stderr nx-extract note.txt
  assert_success
  [ -s note.txt.thumb.png ]
}
