#!/usr/bin/env bats
# The command tree of nexuslims: help pages as the product's reference and cli §1.1 print them, usage errors of cli §2.3, versions, dispatch.
load lib
bats_require_minimum_version 1.5.0

setup() {
  export COLUMNS=80
}

# ------------------------------------------------------------------------------------------------------------ help pages

@test "nexuslims --help prints the documented page" {
  run nexuslims --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims [OPTIONS] COMMAND [ARGS]...

  NexusLIMS command-line interface.

  Manage records, configuration, database migrations, and instruments.

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.

Commands:
  build-records   Process new NexusLIMS records with logging and email...
  check           Check that everything a build needs is in place.
  completion      Print shell completion setup instructions.
  config          Manage NexusLIMS configuration files.
  db              Manage NexusLIMS database.
  extract         Extract metadata and preview from one data file.
  instruments     Manage NexusLIMS instruments.
  support-bundle  Collect diagnostics for support in one ZIP archive.
END
}

@test "a group without a sub-command prints its help page on standard output and exits 0" {
  for group in '' config db instruments; do
    run --separate-stderr nexuslims $group
    assert_success
    assert_equal "$stderr" ''
    assert_equal "$output" "$(nexuslims $group --help)"
  done
}

@test "nexuslims build-records --help prints the documented page with its examples" {
  run nexuslims build-records --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims build-records [OPTIONS]

  Process new NexusLIMS records with logging and email notifications.

  This command runs the NexusLIMS record builder to process new experimental
  sessions and generate XML records. It provides file locking to prevent
  concurrent runs, timestamped logging, and email notifications on errors.

  By default, only sessions from the last week are processed. Use --from=none
  to process all sessions, or specify custom date ranges with --from and --to.

Options:
  -n, --dry-run  Dry run: find files without building records
  -v, --verbose  Increase verbosity (-v for INFO, -vv for DEBUG)
  --from TEXT    Start date for session filtering (ISO format: YYYY-MM-DD).
                 Defaults to 1 week ago. Use "none" to disable lower bound.
  --to TEXT      End date for session filtering (ISO format: YYYY-MM-DD). Omit
                 to disable upper bound.
  --retry        Put the date range's ERROR and BUILT_NOT_EXPORTED sessions
                 back to work first.
  --strict       Exit 1 when a session ends in ERROR or BUILT_NOT_EXPORTED.
  --version      Show the version and exit.
  --help         Show this message and exit.

  Examples:

      # Normal run (process records from last week)
      $ nexuslims build-records

      # Process all sessions (no date filtering)
      $ nexuslims build-records --from=none

      # Process sessions since a specific date
      $ nexuslims build-records --from=2025-01-01

      # Process a specific date range
      $ nexuslims build-records --from=2025-01-01 --to=2025-01-31

      # Dry run (find files only)
      $ nexuslims build-records -n

      # Verbose output
      $ nexuslims build-records -vv
END
}

@test "nexuslims config --help prints the documented page" {
  run nexuslims config --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims config [OPTIONS] COMMAND [ARGS]...

  Manage NexusLIMS configuration files.

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.

Commands:
  check       Check the configuration and report every problem at once.
  dump        Dump the current effective configuration to JSON.
  edit        Interactively edit the NexusLIMS configuration in a...
  load        Load a previously dumped JSON config into a .env file.
  migrate-v1  Rewrite a NexusLIMS 1.x configuration with the current names.
END
}

@test "nexuslims config load --help prints the page that was verified" {
  run nexuslims config load --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims config load [OPTIONS] INPUT

  Load a previously dumped JSON config into a .env file.

Options:
  --env-path FILE  Path to write the .env file.  [default: .env]
  --force          Skip confirmation prompt when overwriting an existing .env
                   file.
  --help           Show this message and exit.
END
}

@test "nexuslims db --help prints the documented page" {
  run nexuslims db --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims db [OPTIONS] COMMAND [ARGS]...

  Manage NexusLIMS database.

  This tool provides simple commands for common database operations. For
  advanced usage, use 'nexuslims db alembic [COMMAND]' to access the full
  Alembic CLI.

Options:
  --db-uri TEXT  Database file or address; overrides NX_DB_PATH.
  --version      Show version and exit
  --help         Show this message and exit.

Commands:
  alembic            Run Alembic commands directly (advanced usage).
  check              Check if the database has pending migrations.
  create-demo        Create a demo database pre-populated with sample...
  current            Show the current database migration version.
  downgrade          Downgrade database to an earlier version.
  export             Export the database as a Parquet snapshot.
  history            Show migration history.
  import             Load a Parquet snapshot into an empty database.
  info               Show address, engine, revision and row counts.
  init               Initialize a new NexusLIMS database.
  snapshot-download  Download a Parquet snapshot from a web server.
  status             Report current and head revision.
  upgrade            Upgrade database to a later version.
  view               Open a read-only TUI browser for the NexusLIMS...
END
}

@test "nexuslims instruments --help prints the documented page" {
  run nexuslims instruments --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims instruments [OPTIONS] COMMAND [ARGS]...

  Manage NexusLIMS instruments.

Options:
  --help  Show this message and exit.

Commands:
  export  Write all instruments as JSON lines.
  import  Add or update instruments from JSON lines.
  list    List all instruments in the database.
  manage  Launch the interactive instrument management TUI.
END
}

@test "nexuslims instruments list --help prints the documented page" {
  run nexuslims instruments list --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims instruments list [OPTIONS]

  List all instruments in the database.

Options:
  -f, --format [table|json]  Output format.  [default: table]
  --jq TEXT                  Filter the JSON output through a jq program.
  --help                     Show this message and exit.
END
}

@test "nexuslims check and config check have the same two options as instruments list" {
  for command in check 'config check'; do
    run nexuslims $command --help
    assert_success
    assert_line '  -f, --format [table|json]  Output format.  [default: table]'
    assert_line '  --jq TEXT                  Filter the JSON output through a jq program.'
  done
}

@test "nexuslims instruments manage --help prints the documented page" {
  run nexuslims instruments manage --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims instruments manage [OPTIONS]

  Launch the interactive instrument management TUI.

  Opens a terminal UI for adding, editing, and deleting instruments in the
  NexusLIMS database.

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.
END
}

@test "nexuslims extract --help prints the documented page" {
  run nexuslims extract --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims extract [OPTIONS] FILE

  Extract metadata and preview from one data file.

  The metadata goes to standard output as JSON, the preview beside the file.

Options:
  --no-preview             Do not make a preview.
  --no-metadata            Do not print metadata.
  -p, --preview-path FILE  Where to put the preview.  [default:
                           FILE.thumb.png]
  -w, --write              Also write the metadata JSON to a file.
  --overwrite              Replace files that exist.
  -v, --verbose            Log at DEBUG level.
  --help                   Show this message and exit.
END
}

@test "nexuslims support-bundle --help prints the documented page" {
  run nexuslims support-bundle --help
  assert_success
  assert_output - <<'END'
Usage: nexuslims support-bundle [OPTIONS]

  Collect diagnostics for support in one ZIP archive.

  Secrets are masked; look through the archive before you send it.

Options:
  --output FILE                  Path of the archive.  [default: ./nexuslims-
                                 support-bundle-DATE-TIME.zip]
  --log-days INTEGER RANGE       Include logs of the last N days.  [default:
                                 14; x>=0]
  --max-log-files INTEGER RANGE  Include at most N log files.  [default: 25;
                                 x>=0]
  --log FILE                     Include this log file too (repeatable).
  --no-default-logs              Include no logs but those of --log.
  --include-all-logs             Include every log file, whatever its age.
  --version                      Show the version and exit.
  --help                         Show this message and exit.
END
}

@test "the db sub-commands show their arguments and the documented option texts" {
  run nexuslims db upgrade --help
  assert_line --index 0 'Usage: nexuslims db upgrade [OPTIONS] [REVISION]'
  assert_line '  --sql   Generate SQL script instead of applying changes'
  run nexuslims db downgrade --help
  assert_line --index 0 'Usage: nexuslims db downgrade [OPTIONS] [REVISION]'
  assert_line '  --sql   Generate SQL script instead of applying changes'
  run nexuslims db create-demo --help
  assert_line --index 0 'Usage: nexuslims db create-demo [OPTIONS] [PATH]'
  assert_line '  --force  Overwrite the file if it already exists'
  run nexuslims db current --help
  assert_line '  -v, --verbose  Show detailed information'
  run nexuslims db init --help
  assert_line '  --force  Overwrite existing database file if it exists (use with caution)'
  run nexuslims db history --help
  assert_line '  -i, --indicate-current     Indicate current revision (Alembic default)'
}

@test "every command of the tree has a help page that names itself" {
  for command in build-records check completion 'config check' 'config dump' 'config edit' 'config load' 'config migrate-v1' 'db check' \
    'db create-demo' 'db current' 'db downgrade' 'db export' 'db history' 'db import' 'db info' 'db init' 'db snapshot-download' 'db status' \
    'db upgrade' 'db view' extract 'instruments export' 'instruments import' 'instruments list' 'instruments manage' support-bundle; do
    run --separate-stderr nexuslims $command --help
    assert_success
    assert_equal "$stderr" ''
    assert_line --index 0 --partial "Usage: nexuslims $command [OPTIONS]"
    assert_line --partial 'Show this message and exit.'
  done
}

@test "help is set to the terminal's width, at most 80 and at least 52 columns" {
  COLUMNS=200 run nexuslims build-records --help
  assert_line '  sessions and generate XML records. It provides file locking to prevent'
  COLUMNS=40 run nexuslims config load --help
  assert_output - <<'END'
Usage: nexuslims config load [OPTIONS] INPUT

  Load a previously dumped JSON config into a .env
  file.

Options:
  --env-path FILE  Path to write the .env file.
                   [default: .env]
  --force          Skip confirmation prompt when
                   overwriting an existing .env
                   file.
  --help           Show this message and exit.
END
}

# --------------------------------------------------------------------------------------------------------------- versions

@test "--version names the whole path, and only where it is documented" {
  for command in '' build-records config 'instruments manage' support-bundle db; do
    run nexuslims $command --version
    assert_success
    assert_output --regexp "^nexuslims${command:+ $command} \(NexusLIMS 2\.5\.0(, released [0-9]{4}-[0-9]{2}-[0-9]{2})?\)$"
  done
  run nexuslims db --version
  assert_output 'nexuslims db (NexusLIMS 2.5.0)'
  for command in check instruments 'instruments list' 'instruments import' 'instruments export' completion extract 'config check' \
    'config dump' 'config edit' 'config load' 'config migrate-v1' 'db init' 'db current'; do
    run nexuslims $command --version
    assert_failure 2
    assert_output --partial 'Error: No such option: --version'
  done
}

@test "--help and --version act as soon as they are met, whatever stands behind them" {
  run nexuslims config load --help --bogus
  assert_success
  run nexuslims build-records --from 2025-02-30 --version surplus
  assert_success
  assert_output --partial 'nexuslims build-records (NexusLIMS'
  run nexuslims build-records --version --help
  assert_output --partial '(NexusLIMS'
  run nexuslims build-records --help --version
  assert_line --index 0 'Usage: nexuslims build-records [OPTIONS]'
  run nexuslims build-records --bogus --help
  assert_failure 2
}

# ------------------------------------------------------------------------------------------------------------ usage errors

# refuses 'text behind "Error: "' WORDS…
refuses() {
  local text=$1
  shift
  run --separate-stderr "${as[@]}" nexuslims "$@"
  assert_failure 2
  assert_equal "$output" ''
  assert_equal "${stderr##*$'\n'}" "Error: $text"
}

@test "a usage error is the usage line, how to get help, an empty line and the reason, on standard error, exit 2" {
  run --separate-stderr nexuslims config load
  assert_failure 2
  assert_equal "$output" ''
  assert_equal "$stderr" "Usage: nexuslims config load [OPTIONS] INPUT
Try 'nexuslims config load --help' for help.

Error: Missing argument 'INPUT'."
}

@test "an unknown command is reported with the usage of its parent" {
  run --separate-stderr nexuslims config bogus
  assert_failure 2
  assert_equal "$stderr" "Usage: nexuslims config [OPTIONS] COMMAND [ARGS]...
Try 'nexuslims config --help' for help.

Error: No such command 'bogus'."
}

@test "unknown options are refused, with a suggestion when something is similar" {
  refuses 'No such option: --xyzzy' build-records --xyzzy
  refuses 'No such option: --fromm Did you mean --from?' build-records --fromm
  refuses 'No such option: --form (Possible options: --from, --to)' build-records --form x
  refuses 'No such option: -x' build-records -nx
  refuses 'No such option: --vers (Possible options: --verbose, --version)' build-records --vers
}

@test "options and values that do not fit together are refused" {
  refuses "Option '--from' requires an argument." build-records --from
  refuses "Option '-o' requires an argument." config dump -o
  refuses "Option '--dry-run' does not take a value." build-records --dry-run=yes
  refuses "Invalid value for '--format' / '-f': 'xml' is not one of 'table', 'json'." instruments list -f xml
  refuses "Invalid value for '--format' / '-f': 'JSON' is not one of 'table', 'json'." instruments list --format=JSON
  refuses "Invalid value for '--log-days': 'x' is not a valid integer range." support-bundle --log-days x
  refuses "Invalid value for '--log-days': -1 is not in the range x>=0." support-bundle --log-days -1
}

@test "missing and surplus arguments are refused" {
  refuses "Missing argument 'FILE'." extract
  refuses 'Got unexpected extra argument (x)' build-records x
  refuses 'Got unexpected extra arguments (x y)' build-records x -n y
  refuses "Missing option '--output' / '-o'." db export
  refuses "Missing option '--url'." db snapshot-download -o "$BATS_TEST_TMPDIR/x"
}

@test "files and folders are looked at before anything starts" {
  : >"$BATS_TEST_TMPDIR/locked"
  chmod 000 "$BATS_TEST_TMPDIR/locked"
  refuses "Invalid value for 'INPUT': File '/nope' does not exist." config load /nope
  refuses "Invalid value for 'INPUT': File '/tmp' is a directory." config load /tmp
  refuses "Invalid value for 'FILE': File '/tmp' is a directory." extract /tmp
  refuses "Invalid value for '--output' / '-o': File '/tmp' is a directory." config dump -o /tmp
  refuses "Invalid value for '--output' / '-o': File '' has no name." config dump -o ''
  refuses "Invalid value for '--output' / '-o': Directory '' has no name." db export -o ''
  refuses "Invalid value for 'DIR': Directory '/nope' does not exist." db import /nope
  refuses "Invalid value for 'DIR': Directory '/etc/passwd' is a file." db import /etc/passwd
  refuses "Invalid value for '--output' / '-o': Directory '/etc/passwd' is a file." db export -o /etc/passwd
  as_bound_user
  refuses "Invalid value for 'INPUT': File '$BATS_TEST_TMPDIR/locked' is not readable." config load "$BATS_TEST_TMPDIR/locked"
  refuses "Invalid value for '--output' / '-o': File '$BATS_TEST_TMPDIR/locked' is not writable." config dump -o "$BATS_TEST_TMPDIR/locked"
}

@test "what was typed is shown quoted and without escape sequences" {
  refuses "No such command \"it's\"." "it's"
  refuses "No such command '\\x1b[31mred'." $'\033[31mred'
  refuses 'No such option: --\x1b[31mred' build-records $'--\033[31mred'
  refuses "No such command '�'." $'\xff'
}

# ------------------------------------------------------------------------------------------------------------ dispatch

@test "a command whose program is not there says that it is not done yet, and exits 1" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  cp "$NX_BUILD/bin/nexuslims" "$BATS_TEST_TMPDIR/bin/"
  PATH=/usr/bin:/bin run "$BATS_TEST_TMPDIR/bin/nexuslims" db current
  assert_failure 1
  assert_output "Error: 'nexuslims db current' is not done yet: its program nx-db is not installed."
}

# With a stand-in for every program beside a copy of nexuslims: each prints its name, what it is to call itself, and its words.
with_stand_ins() {
  mkdir "$BATS_TEST_TMPDIR/bin"
  cp "$NX_BUILD/bin/nexuslims" "$BATS_TEST_TMPDIR/bin/"
  for name in nx-db nx-config nx-tui nx-extract nexuslims-check nexuslims-support-bundle; do
    printf '#!/bin/sh\necho "${0##*/}|$NX_CLI_PROG|$*"\nexit 7\n' >"$BATS_TEST_TMPDIR/bin/$name"
    chmod +x "$BATS_TEST_TMPDIR/bin/$name"
  done
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# becomes 'program|name|words' WORDS…
becomes() {
  local expected=$1
  shift
  run nexuslims "$@"
  assert_failure 7
  assert_output "$expected"
}

@test "each command becomes its program, which keeps the name that was typed and its own exit status" {
  with_stand_ins
  becomes 'nx-db|nexuslims db|upgrade +1 --sql' db upgrade +1 --sql
  becomes 'nx-db|nexuslims db|downgrade -2' db downgrade -2
  becomes 'nx-db|nexuslims db|--db-uri /tmp/x.db current -v' db --db-uri /tmp/x.db current -v
  becomes 'nx-db|nexuslims db|alembic --help history -r a:b' db alembic --help history -r a:b
  becomes 'nx-db|nexuslims|instruments list --format json' instruments list --format json
  becomes 'nx-config|nexuslims config|dump --redact' config dump --redact
  becomes 'nx-tui|nexuslims|config edit' config edit
  becomes 'nx-tui|nexuslims|db --db-uri /tmp/x.db view' db --db-uri /tmp/x.db view
  becomes 'nx-tui|nexuslims|instruments manage' instruments manage
  becomes 'nx-extract|nexuslims extract|/etc/passwd --no-preview' extract /etc/passwd --no-preview
  becomes 'nexuslims-check|nexuslims check|-f json' check -f json
  becomes 'nexuslims-support-bundle|nexuslims support-bundle|--log-days 3' support-bundle --log-days 3
}

@test "words with blanks, quotes and stars reach the program as they were typed" {
  with_stand_ins
  printf '#!/bin/sh\nprintf "[%%s]" "$@"\n' >"$BATS_TEST_TMPDIR/bin/nx-db"
  run nexuslims db alembic stamp 'a b' '*' "it's" ''
  assert_output "[alembic][stamp][a b][*][it's][]"
}

@test "help, versions and usage errors start no other program" {
  with_stand_ins
  run nexuslims db upgrade --help
  assert_success
  run nexuslims db upgrade --bogus
  assert_failure 2
  refute_output --partial '|'
}

@test "nexuslims loads GLib and json-c, and none of the libraries of its commands" {
  run env LD_TRACE_LOADED_OBJECTS=1 "$NX_BUILD/bin/nexuslims"
  assert_output --partial libglib-2.0
  assert_equal "$(grep -vE '^\s*(linux-|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|asan|ubsan|glib-2\.0|json-c|pcre2?(-8)?)\.so|/\S*/ld-)' <<<"$output")" ""
}

@test "stages load GIO only for what nothing else can do" {
  for program in nx-harvest nx-db nx-find-files nx-build-xml nx-config; do
    run env LD_TRACE_LOADED_OBJECTS=1 "$NX_BUILD/bin/$program"
    assert_output --partial libglib-2.0
    refute_output --partial libgio-2.0
  done
}

@test "what cannot be written to standard output is an error of every command" {
  [ -w /dev/full ] || skip 'no /dev/full'
  for words in --help 'db --help' 'config dump --help' completion; do
    run --separate-stderr bash -c "nexuslims $words >/dev/full"
    assert_failure 1
    [ "$stderr" = 'Error: standard output could not be written: No space left on device; what arrived there is not whole' ] || fail "$words: $stderr"
  done
}

@test "a reader who has seen enough is no error" {
  run --separate-stderr bash -c 'set -o pipefail; trap "" PIPE; nexuslims --help | true'
  assert_success
  [ -z "$stderr" ] || fail "$stderr"
}
