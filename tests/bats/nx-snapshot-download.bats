#!/usr/bin/env bats
# nx-db snapshot-download: a snapshot from a web server, whatever the server does (igem-db 5.8).
bats_require_minimum_version 1.5.0
load lib

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  export NX_TEST_TIME_SCALE=0.01 no_proxy=127.0.0.1
  mkdir there
  for name in alpha beta gamma; do head -c 300000 /dev/urandom >"there/$name.parquet"; done
  for name in alpha beta gamma; do
    jq -n --arg name "$name" --arg sum "$(sha256sum <"there/$name.parquet" | cut -c 1-64)" '{($name): {file: ($name + ".parquet"), sha256: $sum, size_bytes: 300000}}'
  done | jq -s '{snapshot_version: "7", schema_version: "2.5.0", tables: add}' >there/manifest.json
}

teardown() { [ -z "${server:-}" ] || kill "$server"; }

serve() {
  python3 "$NX_SOURCE/tests/bats/snapshot-server.py" there requests "$@" >port &
  server=$!
  until [ -s port ]; do sleep 0.02; done
  url=http://127.0.0.1:$(cat port)
}
edit() { jq "$1" there/manifest.json >edited && mv edited there/manifest.json; }
requests() { grep -c "^$1" requests || true; }

@test "all files arrive, then the manifest, byte for byte" {
  serve
  run nx-db snapshot-download --url "$url" -o here
  assert_success
  assert_output --partial "Fetched 878.9 KB (3 new files)"
  diff -r there here
}

@test "what is here and unchanged is not fetched again, unless --overwrite says so" {
  serve
  nx-db snapshot-download --url "$url" -o here
  echo changed >here/beta.parquet
  run nx-db snapshot-download --url "$url" -o here
  assert_success
  [ "$(requests alpha)" = 1 ]
  [ "$(requests beta)" = 2 ]
  diff -r there here
  nx-db snapshot-download --url "$url" -o here --overwrite
  [ "$(requests alpha)" = 2 ]
}

@test "a busy server and a connection that breaks are tried again, from where it broke" {
  serve busy=alpha.parquet cut=beta.parquet
  run nx-db snapshot-download --url "$url" -o here
  assert_success
  diff -r there here
  [ "$(requests alpha)" = 2 ]
  grep -qx 'beta.parquet 150000' requests
}

@test "a run that was cut off is gone on with by the next" {
  mkdir here
  head -c 100000 there/gamma.parquet >here/gamma.parquet.part
  serve
  nx-db snapshot-download --url "$url" -o here
  grep -qx 'gamma.parquet 100000' requests
  diff -r there here
}

@test "a rest that belongs to another file is thrown away and all of it fetched" {
  mkdir here
  head -c 100000 /dev/zero >here/gamma.parquet.part
  serve
  nx-db snapshot-download --url "$url" -o here
  diff -r there here
}

@test "a server without ranges is asked for the whole file" {
  mkdir here
  head -c 100000 there/gamma.parquet >here/gamma.parquet.part
  serve noranges=1
  nx-db snapshot-download --url "$url" -o here
  diff -r there here
}

@test "what another download is filling is left to it, and what a killed one has left is no obstacle" {
  serve
  mkdir here
  head -c 100000 there/alpha.parquet >here/alpha.parquet.part
  exec 7>>here/.download.lock
  flock -n 7
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "another download or export is writing into here"
  cmp -n 100000 there/alpha.parquet here/alpha.parquet.part
  [ "$(ls -A here | tr '\n' ' ')" = ".download.lock alpha.parquet.part " ]
  [ ! -e requests ] || [ ! -s requests ]
  exec 7>&-
  nx-db snapshot-download --url "$url" -o here
  diff -r there here
}

@test "of two downloads into one folder at once one brings all files, and the other says so" {
  serve slow=0.2
  for round in 1 2 3; do
    timeout 60 nx-db snapshot-download --url "$url" -o "here$round" --workers 1 >first 2>&1 3>&- &
    first=$!
    timeout 60 nx-db snapshot-download --url "$url" -o "here$round" --workers 1 >second 2>&1 && second=0 || second=$?
    wait $first && first=0 || first=$?
    assert_equal $((first + second)) 1
    assert_equal "$(cat first second | grep -c "another download or export is writing into here$round")" 1
    diff -r there "here$round"
  done
}

@test "what stands in the place of a file to come and is none is refused, and nothing waits for it" {
  serve
  mkdir -p here/beta.parquet.part
  mkfifo here/alpha.parquet.part
  run timeout 20 nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "  - alpha.parquet: here/alpha.parquet.part is not a regular file"
  assert_output --partial "  - beta.parquet: cannot write here/beta.parquet.part: "
  [ -p here/alpha.parquet.part ]
  cmp there/gamma.parquet here/gamma.parquet
}

@test "failures are named, what is verified stays, and there is no manifest" {
  printf x | dd of=there/beta.parquet bs=1 seek=5 conv=notrunc 2>/dev/null
  serve broken=gamma.parquet
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "Snapshot download had failures:"
  assert_output --partial "  - beta.parquet: Hash mismatch for $url/beta.parquet: expected "
  assert_output --partial "  - gamma.parquet: the server answered 503"
  cmp there/alpha.parquet here/alpha.parquet
  [ "$(ls here | tr '\n' ' ')" = "alpha.parquet gamma.parquet.part " ] || [ "$(ls here)" = alpha.parquet ]
}

@test "a file that is longer than the manifest says is not kept" {
  edit '.tables.alpha.size_bytes = 1000'
  serve
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "  - alpha.parquet: it is longer than the 1000 bytes of the manifest"
  [ ! -e here/alpha.parquet ]
  [ ! -e here/alpha.parquet.part ]
}

@test "a file that cannot be written is told with the reason, and nothing of it stays" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  mkdir small
  mount -t tmpfs -o size=400k small small 2>/dev/null || skip "no file system can be mounted here"
  edit 'del(.tables[].size_bytes)'
  serve
  run nx-db snapshot-download --url "$url" -o small/here --workers 1
  left=$(ls small/here)
  umount small
  assert_failure 1
  assert_output --partial "  - beta.parquet: cannot write small/here/beta.parquet.part: No space left on device"
  [ "$left" = alpha.parquet ]
}

@test "a run that was cut off is gone on with when there is room for the rest alone" {
  [ "$(id -u)" = 0 ] || skip "mounting needs root"
  mkdir small
  mount -t tmpfs -o size=400k small small 2>/dev/null || skip "no file system can be mounted here"
  edit '.tables |= {gamma}'
  serve
  head -c 200000 there/gamma.parquet >small/gamma.parquet.part
  run nx-db snapshot-download --url "$url" -o small
  cmp there/gamma.parquet small/gamma.parquet && same=yes || same=no
  umount small
  assert_success
  assert_equal "$same" yes
  grep -qx 'gamma.parquet 200000' requests
}

@test "the manifest of another snapshot goes with the first file that comes, and stays when none does" {
  serve
  nx-db snapshot-download --url "$url" -o here
  kill "$server"
  for name in alpha beta gamma; do head -c 200000 /dev/urandom >"there/$name.parquet"; done
  edit '.snapshot_version = "8" | .tables[].size_bytes = 200000 | .tables.gamma.sha256 = ("0" * 64)'
  for name in alpha beta; do
    SUM=$(sha256sum <"there/$name.parquet" | cut -c 1-64) NAME=$name edit '.tables[env.NAME].sha256 = env.SUM'
  done
  before=$(cat here/* | sha256sum)
  rm port
  mv there/alpha.parquet there/beta.parquet .
  serve
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_equal "$(cat here/* | sha256sum)" "$before"
  mv alpha.parquet beta.parquet there/
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "  - gamma.parquet: Hash mismatch"
  cmp there/alpha.parquet here/alpha.parquet
  [ ! -e here/manifest.json ]
}

@test "a tilde before the output folder is the home folder" {
  export HOME=$PWD/home
  mkdir home
  serve
  run nx-db snapshot-download --url "$url" "--output=~/here"
  assert_success
  assert_line "Output dir       : ~/here"
  diff -r there home/here
  [ ! -e '~' ]
}

@test "no name of a manifest leads out of the folder" {
  serve
  for name in ../evil /etc/evil a/../../evil 'a\\evil' http://other/evil .evil manifest.json a//evil x.part ''; do
    NAME=$name jq '.tables.alpha.file = env.NAME' there/manifest.json >bad
    cp bad there/manifest.json
    run nx-db snapshot-download --url "$url" -o here
    assert_failure 1
    assert_output --partial "the manifest cannot be trusted"
    [ -z "$(ls -A here)" ]
  done
  [ "$(requests '[^m]')" = 0 ]
}

@test "a link in the target is not followed" {
  mkdir here outside
  ln -s ../outside here/sub
  ln -s ../outside/file here/beta.parquet
  edit '.tables.alpha.file = "sub/alpha.parquet"'
  mkdir there/sub && mv there/alpha.parquet there/sub/
  serve
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "is a link, which could lead out of the folder"
  [ -z "$(ls -A outside)" ]
}

@test "doubles and files without sum are refused, but --allow-unverified takes the latter" {
  serve
  edit 'del(.tables.alpha.sha256)'
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "--allow-unverified"
  nx-db snapshot-download --url "$url" -o here --allow-unverified
  diff -r there here
  edit '.tables.beta.file = "gamma.parquet"'
  run nx-db snapshot-download --url "$url" -o here --allow-unverified
  assert_failure 1
  assert_output --partial "stands there twice"
}

@test "a manifest that is none, not there, or asks for more than there is room is refused" {
  serve
  edit '.tables.alpha.size_bytes = 9000000000000000000'
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "has room for"
  echo '{' >there/manifest.json
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "is not valid JSON"
  rm there/manifest.json
  run nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_output --partial "Failed to fetch manifest at $url/manifest.json: the server answered 404"
}

@test "what a terminal would obey in a manifest is shown escaped" {
  edit '.snapshot_version = "7\u001b[2J" | .schema_version = "2\u009b31m"'
  serve
  run nx-db snapshot-download --url "$url" -o here
  assert_success
  assert_line 'Snapshot version : 7\x1b[2J'
  assert_line 'Schema version   : 2\x9b31m'
}

@test "a manifest with millions of entries is refused before it is read, in little memory" {
  python3 -c 'print("{\"tables\":{" + ",".join("\"t%d\":{}" % n for n in range(7000000)) + "}}")' >there/manifest.json
  serve
  # Sanitizers reserve more addresses than any limit allows.
  grep -q __asan_init "$NX_BUILD/bin/nx-snapshot-download" && limit=unlimited || limit=1000000
  run bash -c 'ulimit -v "$1"; nx-snapshot-download --url "$0" -o here' "$url" $limit
  assert_failure 1
  assert_output --partial "Failed to fetch manifest"
  [ -z "$(ls -A here)" ]
}

# serve_secure: the same by https, with a certificate that nobody has signed but itself, own.pem
serve_secure() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out own.pem -days 2 -subj "/CN=127.0.0.1" -addext "subjectAltName=IP:127.0.0.1" 2>/dev/null
  cat own.pem key.pem >both.pem
  serve pem=both.pem
  url=https://127.0.0.1:$(cat port)
}

@test "a certificate of an unknown authority is refused" {
  serve_secure
  run --separate-stderr nx-db snapshot-download --url "$url" -o here
  assert_failure 1
  assert_regex "$stderr" "certificate"
  [ -z "$(ls -A here)" ]
}

@test "the facility's certificates are trusted for the manifest and for each file, from a file or as text, by igem-server as well" {
  serve_secure
  NX_CERT_BUNDLE_FILE=$PWD/own.pem run nx-db snapshot-download --url "$url" -o here
  assert_success
  diff -r there here
  NX_CERT_BUNDLE=$(awk '{printf "%s\\n", $0}' own.pem) run nx-db snapshot-download --url "$url" -o inline
  assert_success
  diff -r there inline
  NX_CERT_BUNDLE_FILE=$PWD/own.pem run igem-server db snapshot-download --url "$url" -o igem
  assert_success
  diff -r there igem
}

@test "NX_DISABLE_SSL_VERIFY takes any certificate, and says so once" {
  serve_secure
  NX_DISABLE_SSL_VERIFY=true run --separate-stderr nx-db snapshot-download --url "$url" -o here
  assert_success
  diff -r there here
  run grep -c "NX_DISABLE_SSL_VERIFY is on" <<<"$stderr"
  assert_output 1
}

@test "usage errors speak with the name that was typed" {
  run nexuslims db snapshot-download --url http://x -o here --workers 0
  assert_failure 2
  assert_output --partial "Usage: nexuslims db snapshot-download"
  run nx-db snapshot-download --url file:///etc -o here
  assert_failure 2
}
