# Shared by every bats file: where things are, a scratch folder, and asserts on JSON.
bats_require_minimum_version 1.5.0
# What their own load.bash does, without fifteen processes a test.
for file in /usr/lib/bats/bats-{support,assert}/src/*.bash; do source "$file"; done

: "${NX_BUILD:=$(cd "$BATS_TEST_DIRNAME/../../build" && pwd)}"
: "${NX_SOURCE:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
export NX_BUILD NX_SOURCE PATH="$NX_BUILD/bin:$PATH"
# No configuration of the person who runs the tests may leak in.
for name in "${!NX_@}"; do [[ $name =~ ^NX_(BUILD|SOURCE|CORPUS|TEST_.*)$ ]] || unset "$name"; done
export NX_ENV_FILE=/dev/null TZ=UTC LC_ALL=C.UTF-8

CORPUS=$(realpath -ms "${NX_CORPUS:-$NX_SOURCE/../shared/corpus}")

# need_corpus dm: skips the test, by name, when that part of the corpus is not there.
need_corpus() {
  [ -d "$CORPUS/$1" ] || skip "corpus/$1 not found (set NX_CORPUS)"
}

# as_bound_user FILE… — from now on "${as[@]}" before a command runs it as a user whom file modes bind, who can reach these files and the
# build; skips the test, by name, when there is none.
as_bound_user() {
  as=()
  [ "$(id -u)" = 0 ] || return 0
  command -v setpriv >/dev/null || skip 'root is bound by no file mode, and setpriv is not there'
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 755 "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR:-$BATS_RUN_TMPDIR}" "$BATS_TEST_TMPDIR"
  local file
  for file in "$NX_BUILD/bin/nexuslims" "$@"; do
    "${as[@]}" test -r "$file" || skip "another user cannot reach $file"
  done
}

# assert_json '.status' NO_FILES_FOUND — of the last line of $output.
assert_json() {
  local got
  got=$(tail -n 1 <<<"$output" | jq -r "$1") || fail "not JSON: $output"
  [ "$got" = "$2" ] || fail "$1 is '$got', expected '$2' in: $output"
}

# assert_ends PID — within five seconds. An orphan that nobody asks how it ended has ended, too: not every machine's first process asks.
assert_ends() {
  local state
  for _ in $(seq 100); do
    state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
    [[ $state != [ZX]* ]] || return 0
    sleep 0.05
  done
  fail "process $1 lives: $(tr '\0' ' ' <"/proc/$1/cmdline")"
}
