#!/usr/bin/env bats
# nx-db is killed, stopped and starved: whatever happens, the database is at one revision and the rows are there (database 8.4, 8.5).
bats_require_minimum_version 1.5.0
load lib

setup() {
  cd "$BATS_TEST_TMPDIR"
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite NX_TEST_TIME_SCALE=0.01
}

# at_syscalls COMMAND SIGNAL POINTS: so many system calls, or every one when NX_TEST_EVERY_SYSCALL is set
at_syscalls() {
  local points=$3
  [ -z "${NX_TEST_EVERY_SYSCALL:-}" ] || points=0
  need_corpus db
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null "$NX_BUILD/bin/nx-db" --help >/dev/null 2>&1 || skip "strace cannot trace here"
  run python3 "$NX_SOURCE/tests/bats/signal-at-syscall.py" "$1" "$2" "$points" "$BATS_TEST_TMPDIR"
  assert_success
}

@test "an upgrade that is killed before any system call leaves one revision, the rows, a whole backup or none, and nothing else" {
  at_syscalls upgrade KILL 90
}

@test "an upgrade that is stopped before any system call leaves one revision, the rows, a whole backup or none, and nothing else" {
  at_syscalls upgrade TERM 45
}

@test "an init that is killed before any system call leaves a whole database or nothing" {
  at_syscalls init KILL 40
}

@test "an init that is stopped before any system call leaves a whole database or nothing" {
  at_syscalls init TERM 20
}

# on_small_disk SIZE COMMAND: runs it with a file system of that size at ./disk
on_small_disk() {
  mkdir -p disk
  unshare --mount sh -c "mount -t tmpfs -o size=$1 none disk && { $2; }"
}

# Not within `run`, where a skip is output.
need_mounts() {
  unshare --mount true 2>/dev/null || skip "no file system can be mounted here"
}

@test "an upgrade whose backup does not fit on the disk changes nothing and says what is full" {
  need_corpus db
  need_mounts
  run on_small_disk 72k "install -m 644 '$CORPUS/db/v1_4_3.sqlite' disk/a.sqlite
    NX_DB_PATH=disk/a.sqlite nx-db upgrade
    echo \"status \$?\"
    cmp '$CORPUS/db/v1_4_3.sqlite' disk/a.sqlite && echo unchanged
    ls -A disk"
  assert_line --partial "Error upgrading database: no backup could be made, so nothing was changed: database or disk is full"
  assert_line "status 1"
  assert_line unchanged
  assert_line --index -1 a.sqlite
}

@test "an upgrade that fills the disk after its backup stays at a revision, and goes on when there is room" {
  need_corpus db
  need_mounts
  run on_small_disk 120k "install -m 644 '$CORPUS/db/v1_4_3.sqlite' disk/a.sqlite
    NX_DB_PATH=disk/a.sqlite nx-db upgrade
    echo \"status \$?\"
    sqlite3 disk/a.sqlite 'PRAGMA integrity_check; SELECT count(*) FROM session_log'
    mv disk/*_backup_* .
    mount -o remount,size=1m disk
    NX_DB_PATH=disk/a.sqlite nx-db upgrade
    NX_DB_PATH=disk/a.sqlite nx-db current
    ls -A disk/*journal"
  assert_line --partial "database or disk is full"
  assert_line "status 1"
  assert_line ok
  assert_line 41
  assert_line "v2_5_0b (head)"
  refute_line --regexp '^disk/a.sqlite-journal'
  [ "$(sqlite3 ./*_backup_* 'SELECT version_num FROM alembic_version')" = v1_4_3 ]
}

@test "an init without room leaves nothing" {
  need_mounts
  run on_small_disk 40k "NX_DB_PATH=disk/a.sqlite nx-db init; echo \"status \$?\"; ls -A disk"
  assert_line --partial "database or disk is full"
  assert_line --index -1 "status 1"
}

@test "foreign databases are neither taken for ours nor changed" {
  sqlite3 "$NX_DB_PATH" "CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT); INSERT INTO moz_places VALUES (1, 'x')"
  before=$(sha256sum <"$NX_DB_PATH")
  for words in check current "history -i" instruments "pending -n" "downgrade" "downgrade v1_4_3" "users list" "instruments list"; do
    run nx-db $words
    [ "$status" -lt 124 ] || fail "nx-db $words: exit $status: $output"
    [ "$(sha256sum <"$NX_DB_PATH")" = "$before" ] || fail "nx-db $words changed it"
  done
}

@test "a folder where the database should be is refused by every command" {
  mkdir "$NX_DB_PATH"
  for words in init "init --force" upgrade downgrade current check instruments "instruments list" pending log-events log-results "users list" "alembic current"; do
    run nx-db $words </dev/null
    [ "$status" -ge 1 ] && [ "$status" -lt 124 -o "$status" -eq 255 ] || fail "nx-db $words: exit $status: $output"
    [ -n "$output" ] || fail "nx-db $words says nothing"
    [ -z "$(ls -A "$NX_DB_PATH")" ]
  done
}

@test "a locked database makes readers wait, then tells them" {
  nx-db init >/dev/null
  python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("BEGIN EXCLUSIVE"); print("held", flush=True); sys.stdin.read()' "$NX_DB_PATH" \
    < <(sleep 60 & echo $! >holder; wait) >held &
  while ! grep -q held held 2>/dev/null; do sleep 0.05; done
  run nx-db current
  kill "$(cat holder)"
  wait
  assert_failure 1
  assert_output --partial "database is locked"
}

@test "a database that appears while it is looked for was not there" {
  nx-db init >/dev/null
  strace -f -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
  for words in instruments "instruments list" "pending -n" log-events log-results; do
    ASAN_OPTIONS=detect_leaks=0 run strace -qq -o /dev/null -P "$NX_DB_PATH" -e trace=?stat,newfstatat -e inject=?stat,newfstatat:error=ENOENT:when=1 "$NX_BUILD/bin/nx-db" $words </dev/null
    assert_failure 1
    assert_output --partial "Database does not exist at $NX_DB_PATH"
  done
}

@test "a database on a share that is gone is not said to be missing" {
  nx-db init >/dev/null
  strace -f -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
  for words in instruments "instruments list" "pending -n" current upgrade init; do
    ASAN_OPTIONS=detect_leaks=0 run strace -qq -o /dev/null -P "$NX_DB_PATH" -e trace=?stat,newfstatat,openat -e inject=?stat,newfstatat,openat:error=ESTALE "$NX_BUILD/bin/nx-db" $words </dev/null
    assert_failure
    refute_output --partial "does not exist"
    refute_output --partial "not found"
    assert_output --partial "Stale file handle"
  done
}

@test "a stage that waits to write ends at a signal without a complaint" {
  nx-db init >/dev/null
  sqlite3 "$NX_DB_PATH" "INSERT INTO instruments (instrument_pid, api_url, calendar_url, location, display_name, property_tag, filestore_path, harvester, timezone)
    VALUES ('TEM', 'u', 'c', 'l', 'n', 't', 'TEM', 'nemo', 'UTC');
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
    INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, user)
    SELECT 's' || i, 'TEM', '2025-03-03T1' || e || ':00:00Z', CASE e WHEN 1 THEN 'START' ELSE 'END' END, 'TO_BE_BUILT', 'ned' FROM n, (SELECT 1 AS e UNION SELECT 2)"
  mkfifo lines
  sleep 30 <lines 3>&- &
  reader=$!
  nx-db pending -n >lines 2>err 3>&- &
  child=$!
  until grep -q pipe_write "/proc/$child/wchan" 2>/dev/null || grep -q '^State:.S' "/proc/$child/status"; do sleep 0.05; done
  sleep 0.2
  kill -TERM $child
  code=0
  wait $child || code=$?
  kill $reader
  assert_equal "$code" 1
  assert_equal "$(cat err)" ""
}
