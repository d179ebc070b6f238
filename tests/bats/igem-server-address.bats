#!/usr/bin/env bats
# igem-server: which database a command acts on — sources and their order, forms of addresses, .igem.toml, and that no password shows
# (igem-db §1, §2, §11).
bats_require_minimum_version 1.5.0
load lib
load igem-server

setup_file() {
  export HOME=$BATS_FILE_TMPDIR
  igem-server --db-uri "$BATS_FILE_TMPDIR/at-head.db" db create >/dev/null 2>&1
}

setup() {
  set -o pipefail
  own_folder
}

# databases NAME…: databases of these names here
databases() {
  for name in "$@"; do cp "$BATS_FILE_TMPDIR/at-head.db" "$name.db"; done
}
# chosen WORD…: the address that status reports
chosen() { igem-server "$@" db status --jq .uri; }
# expect_uri URI [WORD…]
expect_uri() {
  run --separate-stderr chosen "${@:2}"
  assert_success
  assert_output "$1"
}
# refused MESSAGE WORD…: exit 1 and this message alone
refused() {
  run --separate-stderr igem-server "${@:2}"
  assert_failure 1
  assert_equal "$output" ''
  assert_equal "$stderr" "Error: $1"
}
# settings FILE URI
settings() { printf '[database]\nuri = "%s"\n' "$2" >"$1"; }

# --------------------------------------------------------------------------------------------------------------- sources

@test "--db-uri of the command outranks --db-uri before it, then DATABASE_URL, IGEM_DB_URI, the settings file" {
  databases command top url igem toml
  settings .igem.toml "sqlite:///toml.db"
  expect_uri "sqlite:///$PWD/toml.db"
  export IGEM_DB_URI=igem.db
  expect_uri "sqlite:///$PWD/igem.db"
  export DATABASE_URL=url.db
  expect_uri "sqlite:///$PWD/url.db"
  expect_uri "sqlite:///$PWD/top.db" --db-uri top.db
  run igem-server --db-uri top.db db status --db-uri command.db --jq .uri
  assert_output "sqlite:///$PWD/command.db"
}

@test "blank counts as not set, and blank space around an address is not part of it" {
  databases toml igem
  settings .igem.toml "  sqlite:///toml.db "
  export DATABASE_URL='  ' IGEM_DB_URI=
  expect_uri "sqlite:///$PWD/toml.db" --db-uri ''
  export IGEM_DB_URI='  igem.db  '
  expect_uri "sqlite:///$PWD/igem.db" --db-uri ' '
}

@test "two variables that differ are worth one line, two that agree none" {
  databases a b
  export DATABASE_URL=a.db IGEM_DB_URI=b.db
  expect_uri "sqlite:///$PWD/a.db"
  assert_equal "$stderr" '[WARNING] DATABASE_URL and IGEM_DB_URI name different databases: DATABASE_URL counts'
  expect_uri "sqlite:///$PWD/b.db" --db-uri b.db
  assert_equal "$stderr" ''
  IGEM_DB_URI=a.db expect_uri "sqlite:///$PWD/a.db"
  assert_equal "$stderr" ''
}

@test "without any address it is a usage error that shows the four ways" {
  for command in create upgrade status stamp-head migrate-dry-run info 'export -o x'; do
    run --separate-stderr igem-server db $command
    assert_failure 2
    assert_equal "$output" ''
    assert_equal "$(sed -n '4,$p' <<<"$stderr")" 'Error: Database URI not set.
  1. --db-uri ADDRESS, before or behind the command
  2. the environment variable DATABASE_URL
  3. the environment variable IGEM_DB_URI
  4. `uri` of [database] in a file .igem.toml: here, in a folder above, or in your home folder'
  done
}

@test "an .env file names no database of IGEM" {
  databases a
  echo "IGEM_DB_URI=a.db" >.env
  run igem-server db status
  assert_failure 2
}

@test "a command changes the database it names and no other, whatever the variables say" {
  databases named other
  sqlite3 named.db 'DROP TABLE alembic_version'
  sqlite3 other.db 'DROP TABLE alembic_version'
  sum=$(sha256sum <other.db)
  export DATABASE_URL=other.db IGEM_DB_URI=other.db
  settings .igem.toml sqlite:///other.db
  igem-server db stamp-head --db-uri named.db
  assert_equal "$(sqlite3 named.db 'SELECT version_num FROM alembic_version')" $HEAD
  for command in upgrade stamp-head status info migrate-dry-run; do igem-server db $command --db-uri named.db >/dev/null 2>&1; done
  igem-server db create --db-uri new.db >/dev/null 2>&1
  assert_equal "$(sqlite3 new.db 'SELECT version_num FROM alembic_version')" $HEAD
  refute_changed other.db "$sum"
}

# ----------------------------------------------------------------------------------------------------------------- forms

@test "a bare path is a SQLite file, shown with its whole path" {
  databases a
  expect_uri "sqlite:///$PWD/a.db" --db-uri a.db
  expect_uri "sqlite:///$PWD/a.db" --db-uri ./x/../a.db
  expect_uri "sqlite:///$PWD/a.db" --db-uri "$PWD/a.db"
}

@test "sqlite:/// with three slashes is relative to the current folder, with four absolute" {
  databases a
  expect_uri sqlite:///a.db --db-uri sqlite:///a.db
  expect_uri "sqlite:///$PWD/a.db" --db-uri "sqlite:///$PWD/a.db"
  cd ..
  refused "Database not found at sqlite:///a.db: unable to open database file" db status --db-uri sqlite:///a.db
}

@test "odd names are files, not parameters or databases in memory" {
  for name in 'a?mode=memory.db' 'file:x.db' ':memory:' '50%.db' 'a b.db'; do
    igem-server db create --db-uri "$name" >/dev/null 2>&1
    [ -s "$name" ] || fail "$name is not there"
    expect_uri "sqlite:///$PWD/$name" --db-uri "$name"
  done
}

@test "a folder with a manifest is a snapshot, through a link and with a tilde too" {
  mkdir "$HOME/snap"
  echo '{"tables": {}}' >"$HOME/snap/manifest.json"
  ln -s "$HOME/snap" link
  for typed in "$HOME/snap" "$HOME/snap/" link '~/snap' "parquet://$HOME/snap" "parquet://${HOME#/}/snap"; do
    run igem-server db info --db-uri "$typed" --jq .uri
    assert_success
    assert_output "parquet://$HOME/snap"
  done
}

@test "a tilde before a file that is no snapshot stays what it is" {
  refused "Database not found at sqlite:///$PWD/~/a.db: unable to open database file" db status --db-uri '~/a.db'
}

@test "a folder without a manifest is neither database nor snapshot" {
  mkdir folder
  for command in create upgrade status stamp-head migrate-dry-run info 'export -o x'; do
    refused "$PWD/folder is a directory, not a database or snapshot" db $command --db-uri folder
    refused "folder is a directory, not a database or snapshot" db $command --db-uri sqlite:///folder
  done
}

@test "a database in memory is refused, since it would be gone at once" {
  for uri in sqlite:// sqlite:/// sqlite:///:memory:; do
    for command in create status; do
      run --separate-stderr igem-server db $command --db-uri "$uri"
      assert_failure 1
      [[ $stderr == "Error: sqlite://"*" is a database in memory, which is gone when the command ends: name a file" ]] || fail "$stderr"
    done
  done
  [ -z "$(ls -A)" ]
}

@test "an address of another kind is not found, and its password not shown" {
  for command in create status; do
    refused "Database not found at mysql://u:***@h/igem: addresses begin with postgresql://, sqlite:/// or parquet://" db $command --db-uri mysql://u:secret@h/igem
  done
}

@test "what is no database is refused by its address, and stays as it is" {
  seq 1000 >text.db
  sum=$(sha256sum <text.db)
  for command in upgrade status stamp-head 'stamp-head --force' migrate-dry-run info 'export -o x' 'create --overwrite' create; do
    run --separate-stderr igem-server db $command --db-uri text.db
    assert_failure 1
    assert_equal "$output" ''
    [[ $stderr == "Error: "*"sqlite:///$PWD/text.db: file is not a database" ]] || fail "$command: $stderr"
    refute_changed text.db "$sum"
  done
}

@test "a database of another product is of an unknown revision and is left alone" {
  nx-db --db-uri other.db init >/dev/null
  sum=$(sha256sum <other.db)
  for command in 'upgrade' 'create --overwrite'; do
    run --separate-stderr igem-server db $command --db-uri other.db
    assert_failure 1
    [[ $stderr == "Error: Can't locate revision identified by 'v2_5_0b'"* ]] || fail "$stderr"
  done
  run igem-server db create --db-uri other.db
  assert_success
  run igem-server db status --db-uri other.db
  assert_line '  → DB revision is unknown to this version (newer or corrupted).'
  refute_changed other.db "$sum"
}

@test "a password that should have been encoded is told how" {
  refused "postgresql://dev:***@h/igem cannot be read: in the user and the password of an address @ is written %40 and / %2F" db status --db-uri postgresql://dev:a/b@h/igem
}

# ------------------------------------------------------------------------------------------------------------- snapshots

@test "every command that needs a database refuses a snapshot, says so and names what to do" {
  mkdir snap
  echo '{"tables": {}}' >snap/manifest.json
  for command in create upgrade status stamp-head migrate-dry-run export; do
    for uri in snap "parquet://$PWD/snap"; do
      words=$command
      [ $command != export ] || words="export -o out"
      refused "Cannot run 'db $command' against a snapshot (read-only). Point --db-uri at a writable database (postgresql:// or sqlite:///) instead of parquet://$PWD/snap" db $words --db-uri "$uri"
    done
  done
  assert_equal "$(ls -A . snap)" '.:
snap

snap:
manifest.json'
}

@test "create is refused by the address of a snapshot alone, for the others a broken one gives its own error" {
  run igem-server db create --db-uri parquet:///nowhere/snap
  assert_failure 1
  assert_output --partial "Cannot run 'db create' against a snapshot (read-only)."
  mkdir empty broken other
  echo '{' >broken/manifest.json
  echo '{"tables": 1}' >other/manifest.json
  for command in upgrade status stamp-head migrate-dry-run info 'export -o x'; do
    refused 'Snapshot directory not found: /nowhere/snap' db $command --db-uri parquet:///nowhere/snap
    refused "Missing manifest.json in $PWD/empty - not a valid snapshot." db $command --db-uri "parquet://$PWD/empty"
    refused "$PWD/other/manifest.json is not the manifest of a snapshot: it names no tables" db $command --db-uri other
    run --separate-stderr igem-server db $command --db-uri broken
    assert_failure 1
    [[ $stderr == "Error: $PWD/broken/manifest.json: not JSON: "* ]] || fail "$stderr"
  done
}

# ------------------------------------------------------------------------------------------------------------ .igem.toml

@test "the settings file is found in the folders above, and a relative address is beside it" {
  mkdir -p proj/x/y
  databases proj/a2
  settings proj/.igem.toml sqlite:///a2.db
  cd proj/x/y
  expect_uri "sqlite:///$BATS_TEST_TMPDIR/w/proj/a2.db"
  settings ../.igem.toml SQLITE:///../a2.db
  expect_uri "sqlite:///$BATS_TEST_TMPDIR/w/proj/a2.db"
}

@test "the nearest file counts, keys of the home folder's file are added, and each address is beside its own file" {
  mkdir -p a/b
  databases a/near "$HOME/far"
  settings "$HOME/.igem.toml" sqlite:///far.db
  cd a/b
  expect_uri "sqlite:///$HOME/far.db"
  printf '[server]\nport = 8000\n[database]\n# nothing\n' >.igem.toml
  expect_uri "sqlite:///$HOME/far.db"
  settings ../.igem.toml sqlite:///near.db
  expect_uri "sqlite:///$HOME/far.db"
  rm .igem.toml
  expect_uri "sqlite:///$BATS_TEST_TMPDIR/w/a/near.db"
}

@test "everything that TOML allows may stand in the settings file" {
  databases a
  cat >.igem.toml <<'TOML'
# IGEM
etl.data_dir = '''
/data''' # a path
[server]
host = "127.0.0.1"
port = 0x1F90
debug = false
since = 1979-05-27T07:32:00Z
names = [ "a", 'b', """c
d""", { x = 1.5e3, y = [inf] }, ]
[[other.program]]
key = 1
[database]
"u\u0072i" = 'sqlite:///a.db'
TOML
  expect_uri "sqlite:///$PWD/a.db"
}

@test "a mistake in a settings file is told with its line, whichever file has it" {
  databases a
  printf '[database]\nuri = "sqlite:///a.db"\n\nport = 08\n' >.igem.toml
  refused "[igem] Invalid $PWD/.igem.toml: line 4: not a value: 08" db status
  settings .igem.toml sqlite:///a.db
  printf '[database\n' >"$HOME/.igem.toml"
  refused "[igem] Invalid $HOME/.igem.toml: line 1: the name of a table does not end with ]" db status
  run igem-server db status --db-uri a.db
  assert_success
}

@test "a settings file that says something else of the database is told" {
  printf 'database = 1\n' >.igem.toml
  refused "[igem] Invalid $PWD/.igem.toml: database is not a table: write [database]" db status
  printf '[database]\nuri = 2026-01-01\n' >.igem.toml
  refused "[igem] Invalid $PWD/.igem.toml: uri of [database] is not a text: put it in quotes" db status
  printf '[database]\nuri = "\\u0000"\n' >.igem.toml
  refused "[igem] Invalid $PWD/.igem.toml: line 2: an escape that stands for no character" db status
  head -c 2000000 /dev/zero | tr '\0' '#' >.igem.toml
  run igem-server db status
  assert_failure 1
  assert_output --partial "[igem] Invalid $PWD/.igem.toml: "
}

@test "a settings file that cannot be read is told, a folder of its name is passed over" {
  databases a
  mkdir -p in .igem.toml
  cd in
  run igem-server db status
  assert_failure 2
  settings .igem.toml sqlite:///../a.db
  chmod 000 .igem.toml
  as_bound_user
  run "${as[@]}" env HOME=/nonexistent igem-server db status
  assert_failure 1
  assert_output --partial "Error: [igem] Invalid $PWD/.igem.toml: cannot open"
}

# ------------------------------------------------------------------------------------------------------------- passwords

@test "no command shows a password, wherever it stands in the address" {
  for uri in 'postgresql://dev:s3cr3t@127.0.0.1:1/igem' 'postgresql+psycopg2://dev:s3cr3t@127.0.0.1:1/igem' 'postgres://dev:s3cr3t@127.0.0.1:1/igem' \
    'postgresql://127.0.0.1:1/igem?user=dev&password=s3cr3t' 'postgresql://dev:s3cr3t/x@127.0.0.1:1/igem' 'postgresql://dev:s3cr3t@[:1/igem' \
    'postgresql://dev:x@s3cr3t@127.0.0.1:1/igem' 'postgresql://dev:12/s3cr3t@127.0.0.1/igem' 'postgresql://dev:s3cr3t?x@127.0.0.1/igem'; do
    for command in create upgrade status stamp-head migrate-dry-run info 'export -o out' '--debug'; do
      [ "$command" != --debug ] || command='status --debug'
      run igem-server db $command --db-uri "$uri"
      assert_failure 1
      refute_output --partial s3cr3t
      assert_output --partial '***'
    done
    DATABASE_URL=$uri run igem-server db status
    assert_failure 1
    assert_output --partial '***'
    refute_output --partial s3cr3t
    settings .igem.toml "$uri"
    run igem-server db status
    assert_failure 1
    assert_output --partial '***'
    refute_output --partial s3cr3t
    rm .igem.toml
  done
}

@test "what a terminal would obey is shown escaped" {
  run igem-server db status --db-uri $'x\e[31m.db'
  assert_failure 1
  assert_output --partial "sqlite:///$PWD/x\\x1b[31m.db"
}

@test "a revision that a terminal would obey is shown escaped" {
  igem-server db create --db-uri x.db
  sqlite3 x.db "UPDATE alembic_version SET version_num = 'v9' || char(27) || '[31mX'"
  run igem-server db status --db-uri x.db
  assert_line '  DB revision    : v9\x1b[31mX'
  refute_output --partial $'\e'
}
