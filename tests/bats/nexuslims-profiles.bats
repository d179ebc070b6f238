#!/usr/bin/env bats
# nexuslims-profiles(7) and the plug-in of nx-extract(1): what the manuals show is what runs.
bats_require_minimum_version 1.5.0
load lib

MANUALS=$NX_SOURCE/share/man

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir data profiles root
}

# example MANUAL NAME: the text of that example, as a reader would copy it.
example() {
  awk -v name="$2" '$0 == ".\\\" example: " name { wanted = 1; next } wanted && /^\.Bd/ { shown = 1; next } /^\.Ed/ { if (shown) exit } shown' \
    "$MANUALS/$1" | sed 's/^\\&//; s/\\e/\\/g'
}

# make_image PATH MODE: an FEI image whose metadata stand at its end.
make_image() {
  mkdir -p "$(dirname "$1")"
  python3 - "$1" "$2" <<'PY'
import struct, sys
text = ("[User]\r\nUser=supervisor\r\n[Beam]\r\nBeam=EBeam\r\n[EBeam]\r\nHV=5000\r\n[Vacuum]\r\nUserMode=%s\r\n"
        "[Specimen]\r\nSpecimenCurrent=-1.5e-9\r\n" % sys.argv[2]).encode() + b"\0"
tags = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 134), (278, 3, 1, 4), (279, 4, 1, 16),
        (34682, 2, len(text), 150)]
directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + b"\0\0\0\0"
head = b"II*\0" + struct.pack("<I", 8) + directory
open(sys.argv[1], "wb").write(head.ljust(134, b"\0") + bytes(16) + text)
PY
}

# read_one PATH PID: the answer to its file line, with the profiles of ./profiles.
read_one() {
  NX_LOCAL_PROFILES_PATH=$PWD/profiles NX_INSTRUMENT_DATA_PATH=$PWD/root NX_DATA_PATH=$PWD/data run --separate-stderr nx-extract --no-preview \
    <<<"$(jq -nc --arg path "$1" --arg pid "$2" '{kind: "file", path: $path, instrument: {instrument_pid: $pid, timezone: "UTC"}}')"
  assert_success
}

@test "the manuals have no fault that mandoc finds" {
  for manual in nexuslims-profiles.7 nx-extract.1; do
    # Which other manuals are installed is no matter of ours.
    run bash -c 'mandoc -Tlint "$1" 2>&1 | grep -vE "referenced manual not found|mandoc[.]db"' _ "$MANUALS/$manual"
    [ -z "$output" ]
  done
}

@test "every profile that the manual shows compiles, as it says" {
  for name in FEI-Quanta.jq pattern.jq FEI-Quanta-012345.json; do
    example nexuslims-profiles.7 "$name" > "$name"
    [ -s "$name" ]
  done
  jq -e . FEI-Quanta-012345.json
  run nx-extract --check-profiles FEI-Quanta.jq pattern.jq
  assert_success
  assert_output "FEI-Quanta.jq: ok
pattern.jq: ok"
}

@test "the manual's profiles do what it says they do" {
  for name in FEI-Quanta.jq pattern.jq FEI-Quanta-012345.json; do example nexuslims-profiles.7 "$name" > "profiles/$name"; done
  make_image root/Quanta/SAED/a.tif ESEM
  read_one "$PWD/root/Quanta/SAED/a.tif" FEI-Quanta-012345
  assert_json .extractor quanta_tif_extractor
  assert_json '.datasets[0].nx_meta.extensions.Facility' "Example Laboratory"
  assert_json '.datasets[0].nx_meta.extensions["Logged-in User"]' supervisor
  assert_json '.datasets[0].nx_meta.extensions | has("Operator")' false
  assert_json '.datasets[0].nx_meta.extensions["Specimen Current"] | tojson' '{"value":-1.5e-09,"unit":"ampere"}'
  assert_json '.datasets[0].nx_meta.extensions.Room' "B 117"
  assert_json '.datasets[0].nx_meta.DatasetType' Diffraction
  assert_json '.datasets[0].nx_meta.warnings | tojson' '[["Operator"],["DatasetType"]]'
}

@test "a profile is for the instruments that it names and for no other" {
  for name in FEI-Quanta.jq FEI-Quanta-012345.json; do example nexuslims-profiles.7 "$name" > "profiles/$name"; done
  make_image root/Helios/a.tif ESEM
  read_one "$PWD/root/Helios/a.tif" FEI-Helios-1
  assert_json '.datasets[0].nx_meta.extensions | has("Facility")' false
  assert_json '.datasets[0].nx_meta.extensions | has("Room")' false
  assert_json '.datasets[0].nx_meta["Data Type"]' SEM_Imaging
  make_image root/Quanta/a.tif ESEM
  read_one "$PWD/root/Quanta/a.tif" FEI-Quanta-7
  assert_json '.datasets[0].nx_meta["Data Type"]' ESEM_Imaging
  assert_json '.datasets[0].nx_meta.extensions | has("Room")' false
}

@test "what a profile's debug is given is in the log of who asks for all of it, and changes nothing" {
  printf 'ext("Seen"; .nx_meta["Data Type"] | debug)' > try.jq
  make_image image.tif ESEM
  run --separate-stderr nx-extract --no-preview --profile try.jq -vv image.tif
  assert_success
  [ "$(jq -r .nx_meta.extensions.Seen <<<"$output")" = SEM_Imaging ]
  grep -q 'DEBUG: profile try.jq: DEBUG: "SEM_Imaging"$' <<<"$stderr"
  run --separate-stderr nx-extract --no-preview --profile try.jq -v image.tif
  assert_success
  ! grep -q 'try.jq: DEBUG' <<<"$stderr"
}

@test "a profile that leaves what cannot be recorded is a warning that names it, and the metadata stay as they were" {
  make_image image.tif ESEM
  nx-extract --no-preview image.tif | jq -S 'del(.. | .Date?)' > before
  printf '.nx_meta.DatasetType = "image"' > type.jq
  printf '.nx_meta.DatasetType = 5' > number.jq
  printf '.nx_meta["Data Type"] = " "' > blank.jq
  printf '.nx_meta["Creation Time"] = "yesterday"' > time.jq
  printf '.nx_meta["Creation Time"] = "2024-05-06T07:08:09"' > zone.jq
  printf '.nx_meta |= {}' > empty.jq
  printf 'ext("Deep"; reduce range(300) as $i (1; [.]))' > deep.jq
  printf '.Deep = reduce range(300) as $i (1; {a: .})' > raw.jq
  jq -nc '{Shallow: 1, Deep: (reduce range(200) as $i (1; [.]))}' > fields.json
  for name in type.jq number.jq blank.jq time.jq zone.jq empty.jq deep.jq raw.jq fields.json; do
    run --separate-stderr nx-extract --no-preview --profile "$name" image.tif
    assert_success
    jq -S 'del(.. | .Date?)' <<<"$output" > after
    diff before after
    grep -q "WARNING: image.tif: profile $name failed: what it leaves cannot be recorded: " <<<"$stderr"
    [ "$(grep -c . <<<"$stderr")" = 1 ]
  done
}

@test "a profile that adds more than the metadata of a file can hold is a warning that names it, and a large one is none" {
  make_image image.tif ESEM
  printf 'ext("Large"; "a" * 17000000)' > large.jq
  run --separate-stderr nx-extract --no-preview --profile large.jq image.tif
  assert_success
  grep -q 'WARNING: image.tif: profile large.jq failed: ' <<<"$stderr"
  [ "$(jq -r '.nx_meta.DatasetType' <<<"$output")" = Image ]
  [ "$(jq '.nx_meta.extensions | has("Large")' <<<"$output")" = false ]
  printf 'ext("Large"; "a" * 3000000)' > large.jq
  run --separate-stderr nx-extract --no-preview --profile large.jq image.tif
  assert_success
  [ -z "$stderr" ]
  [ "$(jq '.nx_meta.extensions.Large | length' <<<"$output")" = 3000000 ]
}

@test "a profile may take the type away, and the dataset is one of which nothing is known" {
  make_image image.tif ESEM
  printf 'del(.nx_meta.DatasetType) | ext("Seen"; 1)' > try.jq
  run --separate-stderr nx-extract --no-preview --profile try.jq image.tif
  assert_success
  [ "$(grep -c "profile try.jq failed" <<<"$stderr")" = 0 ]
  [ "$(jq -r .nx_meta.DatasetType <<<"$output")" = Misc ]
  [ "$(jq -r .nx_meta.extensions.Seen <<<"$output")" = 1 ]
}

@test "what is no number and is to be shown as one is a warning that says what it was" {
  make_image image.tif ESEM
  printf 'ext("Tilt"; real("5.0"))' > try.jq
  run --separate-stderr nx-extract --no-preview --profile try.jq image.tif
  assert_success
  grep -q 'WARNING: image.tif: profile try.jq failed: real("5.0"): not a number$' <<<"$stderr"
  [ "$(jq '.nx_meta.extensions | has("Tilt")' <<<"$output")" = false ]
}

@test "checking all profiles says which of the site's cannot even be loaded, and fails" {
  printf '. ' > profiles/A-good.jq
  printf '[1]' > profiles/B-list.json
  printf '{"a":1,}' > profiles/C-comma.json
  head -c 1100000 /dev/zero | tr '\0' '#' > profiles/D-large.jq
  ln -s nowhere profiles/E-dangling.jq
  mkfifo profiles/F-fifo.jq
  mkdir profiles/G-folder.json
  echo 'def adjust(metadata): pass' > profiles/H-python.py
  export NX_LOCAL_PROFILES_PATH=$PWD/profiles
  run --separate-stderr nx-extract --check-profiles
  assert_failure 1
  assert_line "$PWD/profiles/A-good.jq: ok"
  assert_line "$PWD/profiles/B-list.json: not a JSON object"
  for name in C-comma.json D-large.jq E-dangling.jq F-fifo.jq G-folder.json H-python.py; do
    assert_line --regexp "^$PWD/profiles/$name: .+"
    [ "$(grep -c "profiles/$name: ok" <<<"$output")" = 0 ]
    [ "$(grep -c "profiles/$name" <<<"$output")" = 1 ]
  done
  run --separate-stderr nx-extract --check-profiles profiles/A-good.jq
  assert_success
  assert_output "profiles/A-good.jq: ok"
  rm -r profiles/[B-H]*
  run --separate-stderr nx-extract --check-profiles
  assert_success
}

@test "the plug-in that the manual shows is the one that we ship" {
  example nx-extract.1 nx-extract-xyz > shown
  run diff shown "$NX_SOURCE/share/examples/nx-extract-xyz"
  assert_success
}

@test "the plug-in reads its files, and one that is none costs only itself" {
  mkdir bin
  cp "$NX_SOURCE/share/examples/nx-extract-xyz" bin/
  chmod +x bin/nx-extract-xyz
  printf '3\nwater \\ "by hand"\nO 0.0 0.0 0.1\nH 0.0 0.8 -0.5\nH 0.0 -0.8 -0.5\n' > root/water.xyz
  TZ=UTC touch -d 2024-05-06T07:08:09Z root/water.xyz
  echo "no number" > root/broken.xyz
  export PATH=$PATH:$PWD/bin
  read_one "$PWD/root/water.xyz" Desk-1
  assert_json .extractor nx-extract-xyz
  assert_json '.datasets[0].nx_meta["Creation Time"]' 2024-05-06T07:08:09+00:00
  assert_json '.datasets[0].nx_meta["Data Type"]' Atomic_Model
  assert_json '.datasets[0].nx_meta["Instrument ID"]' Desk-1
  assert_json '.datasets[0].nx_meta.extensions.Elements | join(" ")' "H O"
  assert_json '.datasets[0].nx_meta.extensions["Number of Atoms"]' 3
  assert_json '.datasets[0].nx_meta.extensions.Comment' 'water \ "by hand"'
  read_one "$PWD/root/broken.xyz" Desk-1
  assert_json '.datasets[0].nx_meta.DatasetType' Unknown
  assert_json '.datasets[0].nx_meta["NexusLIMS Extraction"]["Extractor Warnings"] | test("^Extraction failed: ")' true
}

@test "a folder of profiles that is not there stops the reading of files, and one that may not be read is told" {
  make_image image.tif normal
  export NX_LOCAL_PROFILES_PATH=$PWD/gone NX_INSTRUMENT_DATA_PATH=$PWD/root NX_DATA_PATH=$PWD/data
  for command in "nexuslims extract --no-preview image.tif" "nx-extract --check-profiles" "nx-extract -j 1"; do
    run --separate-stderr $command </dev/null
    assert_failure
    assert_output ""
    [[ $stderr == *"NX_LOCAL_PROFILES_PATH: must be an existing directory; there is nothing at this path (got \"$PWD/gone\")"* ]] || fail "$command: $stderr"
  done
  mkdir -m 000 gone
  as_bound_user
  run --separate-stderr "${as[@]}" nx-extract --check-profiles
  assert_failure 1
  assert_line --regexp "^$PWD/gone: .*Permission denied"
  [[ $stderr == *"Failed to load local profile '$PWD/gone': "*"Permission denied"* ]] || fail "$stderr"
}
