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
