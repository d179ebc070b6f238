#!/usr/bin/env bats
# nx-db on the schema: making, migrating and looking at databases of every state (database 2 to 4, 8).
bats_require_minimum_version 1.5.0
load lib
load nx-db

@test "init makes a database at head in folders that were not there" {
  NX_DB_PATH=a/b/new.db run nx-db init
  assert_success
  assert_output "Initializing database at a/b/new.db...
✓ Database initialized successfully
  Current version: v2_5_0b"
  [ "$(ls -A a/b)" = new.db ]
  NX_DB_PATH=a/b/new.db run nx-db check
  assert_output "✓ Database is up-to-date (revision: v2_5_0b)"
}

@test "init refuses a path where something is, and leaves it" {
  echo treasure >"$NX_DB_PATH"
  run --separate-stderr nx-db init
  assert_failure 1
  [ "$stderr" = "Error: Database already exists at $NX_DB_PATH
Use --force to overwrite, or remove the file manually." ]
  [ "$(cat "$NX_DB_PATH")" = treasure ]
}

@test "init --force keeps whatever was there under its backup name and starts afresh" {
  for old in database garbage empty unstamped; do
    rm -f ./*
    case $old in
    database) nx-db init >/dev/null; sql "INSERT INTO session_log VALUES (1, 'a', 'b', 'c', 'START', 'ERROR', NULL)" ;;
    garbage) echo treasure >"$NX_DB_PATH" ;;
    empty) : >"$NX_DB_PATH" ;;
    unstamped) sql 'CREATE TABLE instruments (a)' ;;
    esac
    cp "$NX_DB_PATH" before
    run nx-db init --force
    assert_success
    assert_line --regexp '^✓ Database backup created: .*/nexuslims_backup_[0-9]{8}_[0-9]{6}\.sqlite$'
    cmp before ./nexuslims_backup_*
    [ "$(version)" = v2_5_0b ]
    [ "$(sql 'SELECT count(*) FROM session_log')" = 0 ]
  done
}

@test "init --force keeps what stands only in a write-ahead log" {
  nx-db init >/dev/null
  python3 - "$NX_DB_PATH" <<'PY'
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("INSERT INTO instruments VALUES ('pid', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')")
os._exit(0)
PY
  [ -s "$NX_DB_PATH-wal" ]
  nx-db init --force
  [ ! -e "$NX_DB_PATH-wal" ]
  [ "$(sql 'SELECT count(*) FROM instruments')" = 0 ]
  [ "$(sqlite3 ./nexuslims_backup_*.sqlite 'SELECT instrument_pid FROM instruments')" = pid ]
}

# killed_writer KIND PATH: what a program that is killed leaves of the database at PATH: a log of changes that are committed (wal), or a journal of
# a change that is not (journal)
killed_writer() {
  python3 - "$@" <<'PY'
import os, sqlite3, sys
kind, path = sys.argv[1:]
db = sqlite3.connect(path, isolation_level=None)
db.execute("CREATE TABLE old(x)")
db.execute("PRAGMA journal_mode=" + ("wal" if kind == "wal" else "delete"))
db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("PRAGMA cache_size=1")
db.execute("BEGIN IMMEDIATE")
db.execute("CREATE TABLE other(x)")
db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO old SELECT hex(randomblob(100)) FROM n")
if kind == "wal":
    db.execute("COMMIT")
os._exit(0)
PY
  [ -s "$2-$1" ]
}

# is_sound PATH INSTRUMENTS: a database at head of so many instruments, with no journal beside it
is_sound() {
  local ending
  for ending in wal shm journal; do [ ! -e "$1-$ending" ] || fail "there is $1-$ending"; done
  assert_equal "$(sqlite3 "$1" 'PRAGMA integrity_check; SELECT version_num FROM alembic_version; SELECT count(*) FROM instruments' 2>&1 | xargs)" "ok v2_5_0b $2"
  assert_equal "$(sqlite3 "$1" "SELECT count(*) FROM sqlite_master WHERE name IN ('old', 'other')")" 0
}

@test "a new database takes nothing in from the journals that one of the same name has left, and they are kept" {
  nx-db --db-uri source.db init >/dev/null
  nx-db --db-uri source.db export -o snapshot >/dev/null
  while read -r kind instruments words; do
    killed_writer "$kind" new.db
    rm new.db
    cp "new.db-$kind" left
    run --separate-stderr nx-db $words
    assert_success
    [[ $stderr == *"new.db-$kind is of a database that is gone"* ]] || fail "$words: $stderr"
    is_sound new.db "$instruments"
    cmp left new.db-"$kind"_backup_*.left
    rm new.db*
  done <<'CASES'
wal 0 --db-uri new.db init
journal 0 --db-uri new.db init
wal 0 --db-uri new.db init --force
wal 10 create-demo new.db
journal 10 create-demo new.db
wal 10 create-demo new.db --force
wal 0 --db-uri new.db import snapshot
CASES
}

@test "create-demo --force takes nothing in from the journals of the database that it replaces" {
  for kind in wal journal; do
    killed_writer $kind new.db
    nx-db create-demo new.db --force
    is_sound new.db 10
    rm new.db*
  done
}

@test "init that finds its place taken leaves the journals of who took it" {
  killed_writer wal new.db
  run nx-db --db-uri new.db init
  assert_failure 1
  [ -s new.db-wal ]
  [ "$(sqlite3 new.db 'SELECT count(*) FROM old')" = 5000 ]
}

@test "init --force refuses a folder" {
  mkdir "$NX_DB_PATH"
  run --separate-stderr nx-db init --force
  assert_failure 1
  [ "$stderr" = "Error: $NX_DB_PATH is a directory, not a database." ]
}

@test "a FIFO is refused at once by every command, and stays" {
  mkdir own && cd own
  mkfifo pipe
  while read -r words; do
    run --separate-stderr timeout -s KILL 20 nx-db $words </dev/null
    [[ $status = [12] ]] || fail "$words: $status $output $stderr"
  done <<'CASES'
--db-uri pipe check
--db-uri pipe current
--db-uri pipe upgrade
--db-uri pipe history -i
--db-uri pipe info
--db-uri pipe log-events
--db-uri pipe init
--db-uri pipe init --force
create-demo pipe --force
CASES
  [ "$(ls -A)" = pipe ]
  [ -p pipe ]
}

@test "settings that are waited for, in a FIFO that nobody writes to, are given up at SIGTERM" {
  mkfifo settings
  exec 8<>settings
  NX_ENV_FILE=$PWD/settings nx-db instruments >out 2>&1 3>&- 8>&- &
  pid=$!
  sleep 0.3
  kill -TERM $pid
  for _ in $(seq 100); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
  ! kill -KILL $pid 2>/dev/null || fail "it still waits"
  status=0
  wait $pid || status=$?
  [ "$status" = 1 ] || fail "exit $status: $(cat out)"
}

@test "init makes the longest path that SQLite opens, and refuses a longer one before it makes a folder" {
  local name folder=$BATS_TEST_TMPDIR/deep
  name=$(printf 'n%.0s' {1..60})
  while [ ${#folder} -lt 440 ]; do folder+=/$name; done
  local last=$(printf 'l%.0s' $(seq $((504 - ${#folder} - 1))))
  run --separate-stderr nx-db --db-uri "$folder/${last}m" init
  assert_failure 1
  [[ "$stderr" == *"SQLite opens no path of more than 504 bytes, and no link that leads back to itself; choose another" ]]
  [ ! -e "$BATS_TEST_TMPDIR/deep" ]
  nx-db --db-uri "$folder/$last" init
  nx-db --db-uri "$folder/$last" check
}

@test "init follows a link to a file that is still to come, and refuses one that leads back to itself" {
  cd "$BATS_TEST_TMPDIR"
  ln -s "$PWD/made/first/real.sqlite" link.sqlite
  nx-db --db-uri link.sqlite init
  [ -L link.sqlite ]
  nx-db --db-uri made/first/real.sqlite check
  ln -s round.sqlite round.sqlite
  run --separate-stderr nx-db --db-uri round.sqlite init
  assert_failure 1
  [[ "$stderr" == *"cannot create round.sqlite: "*"no link that leads back to itself; choose another" ]]
}

@test "a slash behind the address of a file makes no folder in its place" {
  nx-db --db-uri "$PWD/a.db/" init
  [ -f a.db ]
  nx-db --db-uri a.db/ export -o snapshot >/dev/null
  nx-db --db-uri b.db/ import snapshot
  [ -f b.db ]
  run nx-db --db-uri b.db/ check
  assert_success
}

@test "init below a file says that it is no folder" {
  touch file
  run --separate-stderr nx-db --db-uri file/below/db.sqlite init
  assert_failure 1
  [[ "$stderr" == "Error initializing database: "*": Not a directory"* ]]
}

@test "init that fails leaves nothing behind" {
  mkdir locked
  NX_MIGRATIONS_PATH=$BATS_TEST_TMPDIR/none NX_DB_PATH=locked/db run --separate-stderr nx-db init
  assert_failure 1
  [[ "$stderr" == "Error initializing database: "* ]]
  [ -z "$(ls -A locked)" ]
}

@test "paths with blanks, ?, %, # and letters of any kind are plain file names" {
  for name in 'a b' 'a?mode=memory' 'a%20b' 'a#b' 'größe.sqlite' ':memory:' 'file:x' '-x'; do
    export NX_DB_PATH=$name
    run nx-db init
    assert_success
    [ -s "./$name" ]
    run nx-db current
    assert_output "v2_5_0b (head)"
    nx-db downgrade >/dev/null
    nx-db upgrade >/dev/null
  done
  [ "$(backups)" = 16 ]
}

@test "an error tells the database once, also one that is called by a word of the error" {
  local name command
  for name in file data is a lab.db; do
    printf 'no database at all, but long enough to be looked at' >$name
    for command in instruments 'instruments list' pending; do
      run nx-db --db-uri $name $command
      assert_failure 1
      assert_output "Error: database $name: file is not a database"
    done
  done
  mkdir database
  run nx-db --db-uri database instruments list
  assert_failure 1
  assert_output "Error: database database is a folder: unable to open database file"
}

@test "--db-uri names the database of this run, as a path or as sqlite:///" {
  nx-db --db-uri other.sqlite init >/dev/null
  [ -s other.sqlite ]
  [ ! -e "$NX_DB_PATH" ]
  run nx-db --db-uri sqlite:///other.sqlite check
  assert_success
}

@test "an empty --db-uri is told from a NX_DB_PATH that is not set" {
  for command in init info status current pending 'instruments list' 'import x'; do
    run nx-db --db-uri '' $command
    [ "$status" -eq 1 ] && [ "$output" = "Error: --db-uri is empty" ] || fail "$command: exit $status: $output"
  done
  [ ! -e "$NX_DB_PATH" ]
  run nexuslims db --db-uri '' check
  assert_failure 2
  assert_output "Error: --db-uri is empty"
}

@test "an address of another engine is refused without its password" {
  run nx-db --db-uri postgresql://user:secret@host/db upgrade
  assert_failure 1
  refute_output --partial secret
}

@test "upgrade makes a backup with mode and time of the file, and never replaces one" {
  golden
  chmod 640 "$NX_DB_PATH"
  touch -d '2024-02-03 04:05:06' "$NX_DB_PATH"
  nx-db upgrade v2_4_0a >/dev/null
  backup=$(echo ./*_backup_*)
  [ "$(stat -c '%a %y' "$backup" | cut -c1-23)" = "640 2024-02-03 04:05:06" ]
  [ "$(sqlite3 "$backup" 'SELECT version_num FROM alembic_version')" = v1_4_3 ]
  nx-db upgrade v2_4_0b >/dev/null
  nx-db upgrade v2_5_0a >/dev/null
  [ "$(backups)" = 3 ]
}

@test "nothing to do: no backup, no change, success" {
  head_with_rows
  before=$(sha256sum <"$NX_DB_PATH")
  run nx-db upgrade
  assert_success
  assert_output "✓ Database upgraded successfully
  v2_5_0b -> v2_5_0b"
  [ "$(backups)" = 0 ]
  [ "$(sha256sum <"$NX_DB_PATH")" = "$before" ]
}

@test "downgrade goes one revision down, or as many as -N or an id says" {
  head_with_rows
  run nx-db downgrade
  assert_line "  v2_5_0b -> v2_5_0a"
  run nx-db downgrade -2
  assert_line "  v2_5_0a -> v2_4_0a"
  run nx-db upgrade +1
  assert_line "  v2_4_0a -> v2_4_0b"
  run nx-db downgrade v1
  assert_line "  v2_4_0b -> v1_4_3"
  run --separate-stderr nx-db downgrade -6
  assert_failure 1
  [ "$stderr" = "Error downgrading database: Relative revision -6 didn't produce 6 migrations" ]
}

@test "a plan that is no good touches nothing" {
  head_with_rows
  before=$(sha256sum <"$NX_DB_PATH")
  for words in "upgrade nope" "upgrade v2_4" "upgrade +1" "downgrade -9" "downgrade nope" "upgrade v1_4_3:head"; do
    run nx-db $words
    assert_failure 1
  done
  [ "$(backups)" = 0 ]
  [ "$(sha256sum <"$NX_DB_PATH")" = "$before" ]
}

@test "a row that a later check refuses stops the upgrade at the revision before, and is named" {
  golden
  sql "UPDATE session_log SET record_status = 'ABANDONED' WHERE id_session_log IN (3, 5)"
  run --separate-stderr nx-db upgrade
  assert_failure 1
  [ "$stderr" = "Error upgrading database: CHECK constraint failed: check_record_status (session_log: id_session_log 3 has record_status 'ABANDONED'; id_session_log 5 has record_status 'ABANDONED')" ]
  [ "$(version)" = v2_4_0a ]
  [ -z "$(sql "SELECT name FROM sqlite_master WHERE name LIKE '%_new'")" ]
  sql "UPDATE session_log SET record_status = 'ERROR' WHERE record_status = 'ABANDONED'"
  run nx-db upgrade
  assert_success
}

@test "of several refused rows the first one names the check, and of several checks the first" {
  while IFS='|' read -r change check; do
    golden
    sql "$change"
    run --separate-stderr nx-db upgrade
    assert_failure 1
    [[ "$stderr" == "Error upgrading database: CHECK constraint failed: $check (session_log: "* ]] || fail "$change: $stderr"
    [ "$(version)" = v2_4_0a ]
    rm "$NX_DB_PATH"
  done <<'CASES'
UPDATE session_log SET record_status = 'X' WHERE id_session_log = 3; UPDATE session_log SET event_type = 'Y' WHERE id_session_log = 5|check_record_status
UPDATE session_log SET record_status = 'X' WHERE id_session_log = 5; UPDATE session_log SET event_type = 'Y' WHERE id_session_log = 3|check_event_type
UPDATE session_log SET record_status = 'X', event_type = 'Y' WHERE id_session_log = 4|check_event_type
UPDATE session_log SET record_status = x'4552524f52' WHERE id_session_log = 4|check_record_status
UPDATE session_log SET record_status = 'error' WHERE id_session_log = 4|check_record_status
UPDATE session_log SET record_status = 'ERROR ' WHERE id_session_log = 4|check_record_status
CASES
}

# migrations_with STATEMENT REVISION: a tree of migrations in which that revision also runs the statement
migrations_with() {
  rm -rf changed && cp -rL "$NX_BUILD/share/nexuslims/migrations" changed
  printf '\n%s\n' "$1" | tee -a changed/nexuslims/"$2"_*.up.sql >/dev/null
  export NX_MIGRATIONS_PATH=$BATS_TEST_TMPDIR/changed
}

@test "a step that would leave a session without its instrument is rolled back, whatever orphans there were before" {
  golden
  sql "INSERT INTO session_log VALUES (99, 'orphan', 'nobody', '2020-01-01', 'START', 'ERROR', NULL)"
  pid=$(sql 'SELECT instrument FROM session_log WHERE id_session_log = 1')
  first=$(sql "SELECT min(id_session_log) FROM session_log WHERE instrument = '$pid'")
  for revision in v2_4_0a v2_4_0b v2_5_0a v2_5_0b; do
    migrations_with "DELETE FROM \"Instruments\" WHERE instrument_pid = '$pid';" $revision
    run --separate-stderr nx-db upgrade
    assert_failure 1
    [ "$stderr" = "Error upgrading database: FOREIGN KEY constraint failed: session_log row $first names a row of instruments that is not there" ]
    [ "$(sql "SELECT count(*) FROM instruments WHERE instrument_pid = '$pid'")" = 1 ]
    unset NX_MIGRATIONS_PATH
    nx-db upgrade $revision >/dev/null
  done
}

@test "a trigger that makes an orphan behind the back of a step is found out" {
  golden
  nx-db upgrade v2_4_0b >/dev/null
  sql "CREATE TRIGGER t AFTER INSERT ON upload_log BEGIN UPDATE session_log SET instrument = 'nobody' WHERE id_session_log = 1; END"
  migrations_with "INSERT INTO upload_log VALUES (1, 'x', 'cdcs', 1, '2020-01-01', NULL, NULL, NULL, NULL);" v2_5_0a
  run --separate-stderr nx-db upgrade v2_5_0a
  assert_failure 1
  [ "$stderr" = "Error upgrading database: FOREIGN KEY constraint failed: session_log row 1 names a row of instruments that is not there" ]
}

@test "the empty copy that a broken-off run of the reference left is no obstacle" {
  golden
  nx-db upgrade v2_4_0a >/dev/null
  sql 'CREATE TABLE session_log_new (a); CREATE TABLE _alembic_tmp_instruments (a)'
  run nx-db upgrade
  assert_success
  [ "$(version)" = v2_5_0b ]
  [ "$(sql "SELECT count(*) FROM sqlite_master WHERE name IN ('session_log_new', '_alembic_tmp_instruments')")" = 0 ]
}

# lost WHAT: the warning of a migration that WHAT did not come along, with the one backup there is
@test "rows whose instrument is not there survive every step, both ways" {
  golden
  sql "INSERT INTO session_log VALUES (99, 'orphan', 'nobody', '2020-01-01', 'START', 'ERROR', 'x' || char(10) || 'y')"
  nx-db upgrade >/dev/null
  [ "$(sql "SELECT user FROM session_log WHERE id_session_log = 99")" = $'x\ny' ]
  nx-db downgrade v1_4_3 >/dev/null
  [ "$(sql "SELECT instrument FROM session_log WHERE id_session_log = 99")" = nobody ]
}

@test "tables without a revision are left alone, with the command that marks them" {
  need_corpus db
  for state in legacy empty_version; do
    if [ $state = legacy ]; then install -m 644 "$CORPUS/db/v1_4_3_legacy.sqlite" "$NX_DB_PATH"; else golden; sql 'DELETE FROM alembic_version'; fi
    before=$(sha256sum <"$NX_DB_PATH")
    run --separate-stderr nx-db upgrade
    assert_failure 1
    [[ "$stderr" == *"nexuslims db alembic stamp v1_4_3"* ]]
    [ "$(sha256sum <"$NX_DB_PATH")" = "$before" ]
    [ "$(backups)" = 0 ]
    run --separate-stderr nx-db check
    assert_failure 1
    [[ "$stderr" == *"Current revision: none"* ]]
  done
}

@test "a pre-release revision gets the usual answer and a hint" {
  golden
  sql "UPDATE alembic_version SET version_num = 'v2_4_0_2'"
  run --separate-stderr nx-db upgrade
  assert_failure 1
  [ "$stderr" = "Error upgrading database: Can't locate revision identified by 'v2_4_0_2'
Hint: v2_4_0_2 is a pre-release name of v2_4_0b; run: nexuslims db alembic stamp --purge v2_4_0b" ]
  run --separate-stderr nx-db check
  assert_failure 1
  [[ "$stderr" == *"stamp --purge v2_4_0b"* ]]
}

@test "check of a revision that nobody knows is an error" {
  golden
  sql "UPDATE alembic_version SET version_num = 'v9_9_9z'"
  run --separate-stderr nx-db check
  assert_failure 2
  [ "$stderr" = "Error checking migrations: Database revision v9_9_9z is unknown to this version (newer program or damaged)." ]
}

@test "a check whose answer cannot be written is an error, not pending migrations" {
  nx-db init >/dev/null
  run bash -c 'nexuslims db check >/dev/full'
  assert_failure 2
  assert_output --partial "standard output could not be written"
}

@test "settings that cannot be read are an error of check, not pending migrations" {
  for program in "nx-db check" "nexuslims db check"; do
    NX_ENV_FILE=$PWD/nowhere run --separate-stderr $program
    assert_failure 2
    [[ $stderr == *"$PWD/nowhere"* ]] || fail "$program: $stderr"
  done
  NX_ENV_FILE=$PWD/nowhere run nx-db current
  assert_failure 1
}

@test "missing, empty, broken and odd files are answered, not crashed on" {
  while IFS='|' read -r state command code message; do
    rm -rf "$NX_DB_PATH"
    case $state in
    empty) : >"$NX_DB_PATH" ;;
    garbage) head -c 5000 /dev/urandom >"$NX_DB_PATH" ;;
    truncated) golden; truncate -s 3000 "$NX_DB_PATH" ;;
    folder) mkdir "$NX_DB_PATH" ;;
    esac
    run nx-db $command
    [ "$status" -eq "$code" ] || fail "$state, $command: exit $status: $output"
    [[ "$output" == *"${message/'$NX_DB_PATH'/$NX_DB_PATH}"* ]] || fail "$state, $command: $output"
  done <<'CASES'
missing|check|2|Error: Database does not exist. Run 'nexuslims db init' first.
missing|current|1|Error: Database does not exist. Run 'nexuslims db init' first.
missing|upgrade|1|Error: Database does not exist. Run 'nexuslims db init' first.
missing|downgrade|1|Error: Database does not exist.
missing|history|0|v2_5_0b (head)
missing|history -i|1|Error showing history: Database does not exist at $NX_DB_PATH
empty|check|1|Current revision: none
empty|current|0|
empty|upgrade|0|none -> v2_5_0b
empty|downgrade|1|Relative revision -1 didn't produce 1 migrations
garbage|check|2|Error checking migrations: database $NX_DB_PATH: file is not a database
garbage|current|1|Error checking database version: database $NX_DB_PATH: file is not a database
garbage|upgrade|1|Error upgrading database: database $NX_DB_PATH: file is not a database
garbage|instruments|1|file is not a database
truncated|check|2|Error checking migrations: database $NX_DB_PATH: database disk image is malformed
truncated|upgrade|1|database disk image is malformed; put back a backup
folder|check|2|Error checking migrations: database $NX_DB_PATH is a folder: unable to open database file
folder|upgrade|1|Error upgrading database: database $NX_DB_PATH is a folder: unable to open database file
folder|current|1|Error checking database version: database $NX_DB_PATH is a folder: unable to open database file
folder|alembic current|1|FAILED: database $NX_DB_PATH is a folder: unable to open database file
folder|instruments|1| is a folder: unable to open database file
CASES
}

@test "a foreign database is left alone by upgrade as long as it has a table of ours" {
  sql 'CREATE TABLE session_log (something)'
  run nx-db upgrade
  assert_failure 1
  [ "$(sql '.tables')" = session_log ]
}

# as_somebody COMMAND…: runs it as a user whom file modes hold back, with a folder of his own
as_somebody() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; else setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; fi
}
somebodys_folder() {
  command -v setpriv >/dev/null && as_somebody test -x "$NX_BUILD/bin/nx-db" || skip "another user cannot reach the build"
  folder=$(mktemp -d)
  export NX_DB_PATH=$folder/db.sqlite
  golden
  nx-db upgrade v2_4_0a >/dev/null
  rm -f "$folder"/*_backup_*
  chmod 777 "$folder"
}

@test "a database that may not be written to is not migrated, and the reason is given" {
  somebodys_folder
  chmod 444 "$NX_DB_PATH"
  run as_somebody "$NX_BUILD/bin/nx-db" upgrade
  left=$(ls "$folder"); now=$(version)
  rm -r "$folder"
  assert_failure 1
  assert_output --partial "Error upgrading database: database $NX_DB_PATH: attempt to write a readonly database; "
  assert_output --partial "; give the user of this program permission to write to the file"
  [ "$left" = db.sqlite ]
  [ "$now" = v2_4_0a ]
}

@test "a database that may not be read says so" {
  somebodys_folder
  chmod 000 "$NX_DB_PATH"
  run as_somebody "$NX_BUILD/bin/nx-db" current
  rm -r "$folder"
  assert_failure 1
  assert_output --partial "Error checking database version: database $NX_DB_PATH: unable to open database file: Permission denied"
}

@test "a new database in a folder that may not be written to says which and why" {
  somebodys_folder
  chmod 555 "$folder"
  run as_somebody "$NX_BUILD/bin/nx-db" --db-uri "$folder/new.db" init
  assert_failure 1
  assert_output --partial "Error initializing database: cannot write to $folder: Permission denied"
  run as_somebody "$NX_BUILD/bin/nx-db" create-demo "$folder/demo.db"
  assert_failure 1
  assert_output --partial "Error: cannot write to $folder: Permission denied"
  chmod 755 "$folder" && rm -r "$folder"
}

@test "a --jq program that fails is said in the same words by history as by every listing" {
  run nexuslims db history --jq 'error("x")'
  assert_failure 1
  assert_output "Error: jq: x"
}

@test "history that marks the present revision says when no database is set" {
  NX_DB_PATH= run nx-db history -i
  assert_failure 1
  assert_output "Error showing history: NX_DB_PATH environment variable is not set."
}

@test "without room for a backup nothing is migrated" {
  somebodys_folder
  chmod 666 "$NX_DB_PATH"
  chmod 555 "$folder"
  run as_somebody "$NX_BUILD/bin/nx-db" upgrade
  now=$(version)
  chmod 755 "$folder" && rm -r "$folder"
  assert_failure 1
  assert_output --partial "no backup could be made, so nothing was changed"
  [ "$now" = v2_4_0a ]
}

@test "a database in a folder that may not be written to is read" {
  somebodys_folder
  chmod 555 "$folder" && chmod 444 "$NX_DB_PATH"
  run as_somebody "$NX_BUILD/bin/nx-db" current
  chmod 755 "$folder" && rm -r "$folder"
  assert_success
  assert_output v2_4_0a
}

@test "reading commands change nothing, not even of a database in WAL mode" {
  head_with_rows
  sql 'PRAGMA journal_mode=WAL' >/dev/null
  before=$(sha256sum <"$NX_DB_PATH")
  for words in check current "current -v" "history -i" instruments "pending -n"; do
    run nx-db $words
    assert_success
  done
  [ "$(sha256sum <"$NX_DB_PATH")" = "$before" ]
}

@test "a migration of a database in WAL mode leaves the mode and has the log in the backup" {
  golden
  python3 - "$NX_DB_PATH" <<'PY'
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("UPDATE session_log SET user = 'in the log' WHERE id_session_log = 1")
os._exit(0)
PY
  nx-db upgrade >/dev/null
  [ "$(sql 'PRAGMA journal_mode')" = wal ]
  [ "$(sqlite3 ./*_backup_*.sqlite 'SELECT user FROM session_log WHERE id_session_log = 1')" = "in the log" ]
}

@test "another writer is waited for, then the migration gives up without a change" {
  golden
  python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("BEGIN IMMEDIATE"); print("held", flush=True); sys.stdin.read()' "$NX_DB_PATH" \
    < <(sleep 60 & echo $! >holder; wait) >held &
  while ! grep -q held held 2>/dev/null; do sleep 0.05; done
  NX_TEST_TIME_SCALE=0.001 run nx-db upgrade
  kill "$(cat holder)"
  wait
  assert_failure 1
  assert_output --partial "Error upgrading database: database is locked"
  [ "$(version)" = v1_4_3 ]
}

# A revision that takes long enough to be interrupted in its middle.
slow_migrations() {
  cp -rL "$NX_BUILD/share/nexuslims/migrations" slow
  sed -i '0,/^CREATE INDEX/s//CREATE TABLE slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000000) SELECT max(i) FROM n;\n\n&/' slow/nexuslims/v2_4_0b_*.up.sql
  export NX_MIGRATIONS_PATH=$BATS_TEST_TMPDIR/slow
}

@test "SIGTERM in the middle of a step rolls it back and says so" {
  golden
  slow_migrations
  nx-db upgrade >out 2>err 3>&- &
  pid=$!
  while ! grep -q Migrating out; do kill -0 $pid; sleep 0.05; done
  kill -TERM $pid
  wait $pid && fail "it went on"
  grep -q "Error upgrading database: interrupted" err
  [ "$(version)" = v2_4_0a ]
  [ "$(sql "SELECT count(*) FROM sqlite_master WHERE name IN ('session_log_new', 'slow')")" = 0 ]
}

@test "a migration that is killed leaves the revision before, for readers and for the next run" {
  golden
  slow_migrations
  nx-db upgrade >out 2>err 3>&- &
  pid=$!
  while ! grep -q Migrating out; do kill -0 $pid; sleep 0.05; done
  kill -KILL $pid
  wait $pid || true
  run nx-db current
  assert_output v2_4_0a
  unset NX_MIGRATIONS_PATH
  run nx-db upgrade
  assert_success
  assert_line "✓ Data integrity verified: 5 instruments, 41 session logs preserved"
  [ "$(version)" = v2_5_0b ]
}

@test "a hot journal is rolled back before a reader looks" {
  head_with_rows
  python3 - "$NX_DB_PATH" <<'PY'
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size=1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE alembic_version SET version_num = 'half_done'")
db.execute("CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT hex(randomblob(100)) FROM n")
os._exit(0)
PY
  [ -s "$NX_DB_PATH-journal" ]
  run nx-db current
  assert_output "v2_5_0b (head)"
}

@test "broken migration files are refused before anything is touched" {
  golden
  before=$(sha256sum <"$NX_DB_PATH")
  while IFS='|' read -r change message; do
    rm -rf broken && cp -rL "$NX_BUILD/share/nexuslims/migrations" broken
    (cd broken/nexuslims && eval "$change")
    NX_MIGRATIONS_PATH=$PWD/broken run nx-db upgrade
    [ "$status" -eq 1 ] || fail "$change: exit $status"
    [[ "$output" == *"$message"* ]] || fail "$change: $output"
    [ "$(sha256sum <"$NX_DB_PATH")" = "$before" ]
  done <<'CASES'
rm v2_5_0a_*.down.sql|its other half
sed -i 's/revision: v2_5_0a/revision: v2_4_0b/' v2_5_0a_*.up.sql|does not begin with v2_4_0b_
sed -i 's/parent: v2_5_0a/parent: v3_0_0a/' v2_5_0b_*.up.sql|Revision v3_0_0a referenced from v2_5_0b is not present
sed -i 's/^-- parent:$/-- parent: v2_5_0b/' v1_4_3_*.up.sql|circle
sed -i 's/^-- revision: .*//' v2_5_0a_*.up.sql|no good `-- revision:`
cp v2_5_0a_add_external_user_identifiers.up.sql v2_5_0a_x.up.sql; cp v2_5_0a_add_external_user_identifiers.down.sql v2_5_0a_x.down.sql|Revision v2_5_0a is present more than once
sed -i 's/--@ batch/--@ bunch/' v2_5_0b_*.up.sql|unknown directive --@ bunch
printf 'DROP TABLE x' >>v2_4_0a_add_upload_log_table.up.sql|does not end with `;`
printf "SELECT 'x;" >>v2_4_0a_add_upload_log_table.up.sql|not closed
printf '\377\n' >>v2_4_0a_add_upload_log_table.up.sql|not UTF-8
rm schema.json|schema.json
CASES
}

@test "a step that cannot be taken back is refused with its reason" {
  head_with_rows
  cp -rL "$NX_BUILD/share/nexuslims/migrations" broken
  printf -- '--@ irreversible "the rows are gone"\n' >"$(echo broken/nexuslims/v2_5_0a_*.down.sql)"
  NX_MIGRATIONS_PATH=$PWD/broken run nx-db downgrade v2_4_0b
  assert_failure 1
  assert_output --partial "the rows are gone"
  [ "$(version)" = v2_5_0b ]
  [ "$(backups)" = 0 ]
}

@test "what a terminal would obey is shown escaped, wherever it stands in a database" {
  escape=$'\e]0;PWN\a\e[31mX'
  nexuslims db create-demo "$NX_DB_PATH" >/dev/null
  sql "UPDATE alembic_version SET version_num = 'v9$escape'"
  sql "CREATE TABLE \"t$escape\" (x)"
  for command in check current 'current -v' upgrade downgrade status info 'alembic current' 'alembic upgrade head'; do
    run nexuslims db $command
    [[ $output == *'v9\x1b]0;PWN\x07\x1b[31mX'* ]] || fail "$command: $output"
    [[ $output != *$'\e'* && $output != *$'\a'* ]] || fail "$command: $output"
  done
  run nexuslims db info
  assert_output --partial 't\x1b]0;PWN\x07\x1b[31mX'
  run nexuslims db history --jq 'error("a\u001bb")'
  assert_output 'Error: jq: a\x1bb'
  run nexuslims db --db-uri $'x\e[31m.db' init
  refute_output --partial $'\e'
}
