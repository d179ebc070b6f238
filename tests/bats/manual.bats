#!/usr/bin/env bats
# The manual pages: well formed, and every example of theirs runs.
bats_require_minimum_version 1.5.0
load lib

pages() {
  ls "$NX_SOURCE"/share/man/*.[157]
}

@test "every page is well formed" {
  command -v mandoc >/dev/null || skip "mandoc is not installed"
  for page in $(pages); do
    # That a page is not installed here, or a line of its source is long, says nothing about it.
    run bash -c "mandoc -Tlint '$page' 2>&1 | grep -vE 'referenced manual not found|mandoc.db|input text line longer'"
    [ -z "$output" ] || fail "$output"
  done
}

# mdoc(7) takes a word of a macro line that begins with a quotation mark as quoted, and drops the marks.
@test "no page loses the quotation marks of what it shows" {
  run grep -nE '^\.[A-Z][a-z1] (.* )?"[^"]*"[^ "]' $(pages)
  assert_output ''
}

# Op of mdoc(7) reaches to the end of its line: what goes on behind it takes Oo and Oc.
@test "no page puts the next command into the brackets of an option" {
  run grep -nE '^\.[A-Z][a-z] (.* )?Op .* ,( |$)' $(pages)
  assert_output ''
}

@test "every page has examples, and each of them runs" {
  unshare --mount true 2>/dev/null || skip "the folders of the examples cannot be made here"
  for page in $(pages); do
    name=$(basename "$page")
    mkdir -p "$BATS_TEST_TMPDIR/$name"
    cd "$BATS_TEST_TMPDIR/$name"
    # /mnt and /srv of the examples exist in their own mount namespace only.
    run unshare --mount sh -c 'mount -t tmpfs none /mnt && mount -t tmpfs none /srv && exec python3 "$0" "$1"' \
      "$NX_SOURCE/tests/bats/manual-examples.py" "$page"
    [ "$status" -eq 0 ] || fail "$name: $output"
  done
}

@test "every program has a page" {
  for program in $(cd "$NX_BUILD/bin" && ls nexuslims igem-server nx-*); do
    [ -x "$NX_BUILD/bin/$program" ] || continue
    case $program in
    nx-tui | nx-tui-probe | nx-db-snapshot) continue ;; # nobody calls them but nexuslims, whose commands are described
    esac
    [ -e "$NX_SOURCE/share/man/$program.1" ] || fail "$program has no page"
  done
}

# cron's PATH is /usr/bin:/bin and its folder the home of the user, where no .env is; and it mails whatever is printed.
@test "the line for cron is the same in the manual and in README, and needs nothing that cron has not" {
  [ -e "$NX_SOURCE/README.md" ] || skip "no README.md in a source archive"
  line=$(grep -h 'nexuslims build-records.*logger' "$NX_SOURCE/share/man/nexuslims.1")
  [[ $line =~ ^[0-9]+\ \*\ \*\ \*\ \*\ nexuslims\ cd\ /etc/nexuslims\ \&\&\ /usr/local/bin/nexuslims\ build-records\ 2\>\&1\ \|\ logger\ -t\ nexuslims$ ]]
  run grep -cF "    $line" "$NX_SOURCE/README.md"
  assert_output 1
  for text in README.md share/man/nexuslims.1; do
    run grep -c '/etc/cron.d/nexuslims' "$NX_SOURCE/$text"
    assert_output 1
  done
}

@test "installed pages name the folder that make install has put the share files in" {
  [ -e "$NX_BUILD/Makefile" ] || skip "this build cannot be installed"
  unset MAKEFLAGS MFLAGS # of the make that runs this test
  run make -s -C "$NX_BUILD" install-data prefix=/opt/nexuslims DESTDIR="$BATS_TEST_TMPDIR"
  assert_success
  cd "$BATS_TEST_TMPDIR"
  for path in $(grep -rhoE '/[a-z/]+/share/nexuslims/[A-Za-z0-9/._-]+' opt/nexuslims/share/man | sort -u); do
    [ -e ".$path" ] || fail "$path is not installed"
  done
  [ -n "${path:-}" ]
}

# What `nx-db pending --session` takes is the whole identifier, as it is on the line.
@test "identifiers in examples are whole" {
  run grep -nE -e "--session '?[0-9]+\b" $(pages)
  assert_output ''
}
