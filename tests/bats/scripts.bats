#!/usr/bin/env bats
# What is in scripts/, where its promise is about folders and words and not about a build.
load lib

@test "scripts/build makes its folder where its caller is" {
  local script=$NX_SOURCE/scripts/build
  [ -x "$script" ] || skip "no script in a source archive"
  mkdir -p "$BATS_TEST_TMPDIR"/{source/scripts,caller/here}
  cd "$BATS_TEST_TMPDIR"
  cp "$script" source/scripts/
  : >source/configure.ac
  : >source/Makefile.am
  printf '#!/bin/sh\nprintf "all:\\n\\t@pwd\\n" >Makefile\n' >source/configure
  chmod +x source/configure
  touch -d '2001-01-01' source/configure.ac source/Makefile.am
  unset MAKEFLAGS MFLAGS # of the make that runs this test
  cd caller
  run ../source/scripts/build here/build --prefix=/usr
  assert_success
  assert_output "$BATS_TEST_TMPDIR/caller/here/build"
  run ../source/scripts/build "$BATS_TEST_TMPDIR/elsewhere"
  assert_output "$BATS_TEST_TMPDIR/elsewhere"
  run ../source/scripts/build
  assert_output "$BATS_TEST_TMPDIR/source/build"
}

@test "no assertion of a test is the first half of an && that is not answered, where it would fail unheard" {
  run grep -nE '^ +(! |\[|grep|cmp|diff).* && [^|]*$' "$NX_SOURCE"/tests/bats/*.bats
  refute_output --regexp '\] && (\[|cmp|diff|grep|nx|igem)'
}

@test "what README's commands and the shipped examples call is installed by scripts/setup run, or README names the package" {
  [ -x "$NX_SOURCE/scripts/setup" ] || skip "no scripts in a source archive"
  run sed -n '/^RUN=/,/"$/p' "$NX_SOURCE/scripts/setup"
  assert_output --regexp '[" ]jq[" ]'
  run grep -c 'parallel --pipe' "$NX_SOURCE/README.md"
  assert_output 1
  run grep -c 'package `parallel`' "$NX_SOURCE/README.md"
  assert_output 1
}
