#!/usr/bin/env bats
# igem-server under kill -9: a database is at one of its revisions, whole, whenever the program dies.
bats_require_minimum_version 1.5.0
load lib
load igem-server

setup() { own_folder; }

# at_syscalls COMMAND POINTS [BEHIND]: so many system calls, or every one when NX_TEST_EVERY_SYSCALL is set
at_syscalls() {
  local command=$1 points=$2
  shift 2
  [ -z "${NX_TEST_EVERY_SYSCALL:-}" ] || points=0
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null "$NX_BUILD/bin/igem-server" --help >/dev/null 2>&1 || skip "strace cannot trace here"
  run python3 "$NX_SOURCE/tests/bats/igem-kill-at-syscall.py" "$command" "$points" "$BATS_TEST_TMPDIR" "$@"
  assert_success
}

@test "an upgrade that is killed before any system call leaves the old or the new revision, whole, and the next one brings it to head" {
  igem-server --db-uri behind.db db create
  into_state behind INTEGER | sqlite3 behind.db
  at_syscalls upgrade 60 "$PWD/behind.db"
}

@test "a create that is killed before any system call leaves a whole database or nothing" {
  at_syscalls create 40
}
