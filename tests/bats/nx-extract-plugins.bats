#!/usr/bin/env bats
# nx-extract and programs called nx-extract-NAME, which read formats of a site's own.
bats_require_minimum_version 1.5.0
load lib
load nx-extract

# make_plugin NAME DESCRIPTION BODY: a program on PATH.
make_plugin() {
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\nif [ "$1" = --describe ]; then\n%s\nelse\n%s\nfi\n' "$2" "$3" > "$BATS_TEST_TMPDIR/bin/nx-extract-$1"
  chmod +x "$BATS_TEST_TMPDIR/bin/nx-extract-$1"
  export PATH=$PATH:$BATS_TEST_TMPDIR/bin
}

@test "a plug-in reads its extension, and its answer is checked and signed as ours are" {
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"],\"priority\":150}"' \
    'jq -c "{kind, path, datasets: [{nx_meta: {DatasetType: \"Spectrum\", \"Data Type\": \"XYZ\", \"Creation Time\": \"2024-01-01T00:00:00Z\", magnification: 5.0}}]}"'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz" '{mine: 1}')
  extract_lines
  assert_success
  assert_json .extractor nx-extract-xyz
  assert_json .mine 1
  assert_json '.datasets[0].nx_meta.extensions.Magnification' 5
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"].Module' nexusLIMS.extractors.plugins.nx-extract-xyz
  jq -e .nx_meta "$DATA/Quanta/a.xyz.json"
}

@test "an extension of a plug-in may be written with its dot and in capitals, and what is none is left out by name" {
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\".XYZ\",\"x.y\",\"*\"]}"' \
    'jq -c ".datasets = [{nx_meta: {DatasetType: \"Misc\", \"Data Type\": \"XYZ\", \"Creation Time\": \"2024-01-01T00:00:00Z\"}}]"'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  assert_success
  assert_json .extractor nx-extract-xyz
  grep -qF "nx-extract-xyz --describe: 'x.y' is not a file name extension" "$LOG"
  grep -qF "nx-extract-xyz --describe: '*' is not a file name extension" "$LOG"
}

@test "priority decides between a plug-in and us" {
  make_fei_tiff "$ROOT/Quanta/a.tif"
  answer='jq -c "{kind, path, datasets: [{nx_meta: {DatasetType: \"Misc\", \"Data Type\": \"Mine\", \"Creation Time\": \"2024-01-01T00:00:00Z\"}}]}"'
  make_plugin mine 'echo "{\"kind\":\"format\",\"name\":\"mine\",\"extensions\":[\"tif\"],\"priority\":99}"' "$answer"
  INPUT=$(file_line "$ROOT/Quanta/a.tif")
  extract_lines
  assert_json .extractor quanta_tif_extractor
  make_plugin mine 'echo "{\"kind\":\"format\",\"name\":\"mine\",\"extensions\":[\"tif\"],\"priority\":101}"' "$answer"
  extract_lines
  assert_json .extractor nx-extract-mine
}

@test "a plug-in that fails, says nonsense or does not describe itself stops nobody" {
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz"; file_line "$ROOT/Quanta/note.txt")
  description='echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"],\"priority\":150}"'
  for body in 'exit 3' 'echo nonsense' 'kill -SEGV $$' 'echo "{\"datasets\":[{}]}"'; do
    make_plugin xyz "$description" "$body"
    extract_lines
    assert_success
    [ "$(wc -l <<<"$output")" = 2 ]
    first=$(head -n 1 <<<"$output")
    [ "$(jq -r '.datasets[0].nx_meta.DatasetType' <<<"$first")" = Unknown ]
    jq -e '.datasets[0].nx_meta["NexusLIMS Extraction"]["Extractor Warnings"] | test("^Extraction failed: ")' <<<"$first"
  done
  make_plugin xyz 'exit 1' 'cat'
  extract_lines
  assert_success
  grep -q "plug-in nx-extract-xyz is not used" "$LOG"
}

@test "a plug-in that hangs or says nothing when it is asked what it reads is not used" {
  export NX_TEST_TIME_SCALE=0.02
  make_plugin hang 'exec sleep 600' cat
  make_plugin mute 'exit 0' cat
  INPUT=$(file_line "$ROOT/Quanta/note.txt")
  extract_lines
  assert_success
  grep -q "plug-in nx-extract-hang is not used: it took too long to say what it reads" "$LOG"
  grep -q "plug-in nx-extract-mute is not used: " "$LOG"
}

@test "a plug-in that has no datasets for a file that is there costs the metadata and says why" {
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' 'jq -c ".datasets = []"'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  assert_success
  assert_json '.datasets | length' 1
  assert_json '.datasets[0].nx_meta.DatasetType' Unknown
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"]["Extractor Warnings"] | test("^Extraction failed: its answer has no datasets")' true
}

@test "a plug-in that never stops talking fills no log, and its answer counts" {
  make_plugin xyz 'head -c 1000000 /dev/zero | tr "\\0" x >&2; echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' \
    'head -c 3000000 /dev/zero | tr "\\0" x >&2; echo; jq -c ".datasets = [{nx_meta: {DatasetType: \"Misc\", \"Data Type\": \"XYZ\", \"Creation Time\": \"2024-01-01T00:00:00Z\"}}]"'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  assert_success
  assert_json '.datasets[0].nx_meta["Data Type"]' XYZ
  [ "$(stat -c %s "$LOG")" -lt $((2 * 262144 + 2000)) ]
  [ "$(grep -c "WARNING: a.xyz: .* the rest is left out" "$LOG")" = 1 ]
  [ "$(grep -c "WARNING: nx-extract-xyz: .* the rest is left out" "$LOG")" = 1 ]
}

@test "control characters of a plug-in are visible in the log, those beyond ASCII too" {
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' \
    'printf "a\\033[31mb\\302\\23331mc\\23331md\\n" >&2; exit 3'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  assert_success
  run -0 grep -c -F 'a\x1b[31mb\x9b31mc' "$LOG"
  run -1 env LC_ALL=C grep -c -P '\x1b|\xc2[\x80-\x9f]|[^\x80-\xff]\x9b' "$LOG"
}

@test "a plug-in has said all when it ends, whatever it leaves behind" {
  make_plugin xyz 'sleep 300 & echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' \
    'sleep 300 & jq -c ".datasets = [{nx_meta: {DatasetType: \"Misc\", \"Data Type\": \"XYZ\", \"Creation Time\": \"2024-01-01T00:00:00Z\"}}]"'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  assert_success
  assert_json .extractor nx-extract-xyz
  assert_json '.datasets[0].nx_meta["Data Type"]' XYZ
}

@test "the last line that a plug-in writes to the log ends, whether the plug-in ended it or not" {
  make_plugin abc 'printf "half of a description" >&2; exit 1' :
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' 'printf "half of a line" >&2; exit 3'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  grep -qx "half of a description" "$LOG"
  grep -qx "half of a line" "$LOG"
  grep -A 1 -x "half of a line" "$LOG" | grep -q 'WARNING: a.xyz: '
}

# A PNG file of that size, of which only the beginning is true.
make_png_head() {
  python3 -c 'import struct, sys, zlib
head = b"IHDR" + struct.pack(">IIBBBBB", int(sys.argv[1]), int(sys.argv[2]), 8, 6, 0, 0, 0)
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)))' "$1" "$2"
}

@test "a plug-in's preview is taken when it is a PNG file, and nothing else is copied" {
  cd "$BATS_TEST_TMPDIR"
  make_png_head 500 400 > good.png
  make_png_head 0 400 > narrow.png
  make_png_head 500 4000000 > tall.png
  head -c 20 good.png > short.png
  echo "not for everybody" > secret
  mkfifo fifo.png
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' \
    'jq -c ".datasets = [{preview: .wanted, nx_meta: {DatasetType: \"Misc\", \"Data Type\": \"XYZ\", \"Creation Time\": \"2024-01-01T00:00:00Z\"}}]"'
  echo data > "$ROOT/Quanta/a.xyz"
  for name in narrow.png tall.png short.png secret fifo.png none.png .; do
    INPUT=$(file_line "$ROOT/Quanta/a.xyz" "{wanted: \"$PWD/$name\"}")
    extract_lines
    assert_json '.datasets[0].nx_meta["Data Type"]' XYZ
    assert_json '.datasets[0].preview' null
    [ ! -e "$DATA/Quanta/a.xyz.thumb.png" ]
    grep -q "WARNING: a.xyz: no preview: .*$name" "$LOG"
  done
  INPUT=$(file_line "$ROOT/Quanta/a.xyz" "{wanted: \"$PWD/good.png\"}")
  extract_lines
  assert_json '.datasets[0].preview' "$DATA/Quanta/a.xyz.thumb.png"
  cmp good.png "$DATA/Quanta/a.xyz.thumb.png"
}

@test "a plug-in gets no secret of ours" {
  export NX_CDCS_TOKEN=hush-hush
  make_plugin xyz 'echo "{\"kind\":\"format\",\"name\":\"xyz\",\"extensions\":[\"xyz\"]}"' 'env > /dev/stderr; exit 1'
  echo data > "$ROOT/Quanta/a.xyz"
  INPUT=$(file_line "$ROOT/Quanta/a.xyz")
  extract_lines
  grep -q PATH= "$LOG"
  ! grep -q hush-hush "$LOG"
}
