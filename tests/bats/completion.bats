#!/usr/bin/env bats
# Completion: the candidates of cli §4, the scripts in the real shells, and `nexuslims completion`.
load lib
bats_require_minimum_version 1.5.0

# ask bash 'nexuslims co' 1
ask() {
  COMP_WORDS=$2 COMP_CWORD=$3 _NEXUSLIMS_COMPLETE=$1_complete run nexuslims
  assert_success
}

@test "sub-commands that begin with what is typed are offered" {
  ask bash 'nexuslims co' 1
  assert_output $'plain,completion\nplain,config'
  ask bash 'nexuslims ' 1
  assert_output $'plain,build-records\nplain,check\nplain,completion\nplain,config\nplain,db\nplain,extract\nplain,instruments\nplain,support-bundle'
  ask bash 'nexuslims bogus ' 2
  assert_output ''
}

@test "options are offered in the order of the help page, and those already given are left out" {
  ask bash 'nexuslims build-records --' 2
  assert_output $'plain,--dry-run\nplain,--verbose\nplain,--from\nplain,--to\nplain,--retry\nplain,--strict\nplain,--version\nplain,--help'
  ask bash 'nexuslims build-records --dry-run --' 3
  assert_output $'plain,--verbose\nplain,--from\nplain,--to\nplain,--retry\nplain,--strict\nplain,--version\nplain,--help'
  ask bash 'nexuslims build-records -n --d' 3
  assert_output ''
  ask bash 'nexuslims build-records -' 2
  assert_line --index 0 'plain,-n'
  assert_line --index 1 'plain,--dry-run'
  ask bash 'nexuslims support-bundle --log /etc/hosts --lo' 4
  assert_output $'plain,--log-days\nplain,--log'
  ask bash 'nexuslims build-records -- --' 3
  assert_output ''
}

@test "values of options are offered behind the option and behind its equals sign" {
  ask bash 'nexuslims instruments list --format ' 4
  assert_output $'plain,table\nplain,json'
  ask bash 'nexuslims instruments list -f ' 4
  assert_output $'plain,table\nplain,json'
  ask bash 'nexuslims instruments list --format=j' 3
  assert_output 'plain,json'
  ask bash 'nexuslims config dump --output=/et' 3
  assert_output 'file,/et'
  ask bash 'nexuslims db export -o ' 4
  assert_output 'dir,'
  ask bash 'nexuslims build-records --from ' 3
  assert_output ''
  ask bash 'nexuslims db --db-uri x.db cur' 4
  assert_output 'plain,current'
}

@test "arguments ask the shell for files and folders" {
  ask bash 'nexuslims config load ' 3
  assert_output 'file,'
  ask bash 'nexuslims extract ./im' 2
  assert_output 'file,./im'
  ask bash 'nexuslims extract a.dm3 b' 3
  assert_output 'file,b'
  ask bash 'nexuslims db import /sn' 3
  assert_output 'dir,/sn'
  ask bash 'nexuslims config load x.json ' 4
  assert_output ''
}

@test "upgrade and downgrade offer the revisions, newest first, then head or base" {
  mkdir -p "$BATS_TEST_TMPDIR/m/nexuslims"
  printf -- '-- revision: v1_4_3\n-- parent:\n-- date: 2025-12-29 11:08:25\n' >"$BATS_TEST_TMPDIR/m/nexuslims/v1_4_3_base.up.sql"
  printf -- '-- revision: v2_5_0b\n-- parent: v1_4_3\n-- date: 2026-02-01 11:08:25\n' >"$BATS_TEST_TMPDIR/m/nexuslims/v2_5_0b_x.up.sql"
  printf 'CREATE TABLE x (y);\n' >"$BATS_TEST_TMPDIR/m/nexuslims/nothing.up.sql"
  export NX_MIGRATIONS_PATH=$BATS_TEST_TMPDIR/m
  ask bash 'nexuslims db upgrade ' 3
  assert_output $'plain,v2_5_0b\nplain,v1_4_3\nplain,head'
  ask bash 'nexuslims db downgrade v' 3
  assert_output $'plain,v2_5_0b\nplain,v1_4_3'
  ask bash 'nexuslims db downgrade b' 3
  assert_output 'plain,base'
}

@test "zsh gets three lines a candidate, fish the help behind a tab" {
  ask zsh 'nexuslims config ' 2
  assert_output - <<'END'
plain
check
Check the configuration and report every...
plain
dump
Dump the current effective configuration...
plain
edit
Interactively edit the NexusLIMS...
plain
load
Load a previously dumped JSON config into...
plain
migrate-v1
Rewrite a NexusLIMS 1.x configuration with...
END
  ask zsh 'nexuslims instruments list --format j' 4
  assert_output $'plain\njson\n_'
  ask fish 'nexuslims co' co
  assert_output $'plain,completion\tPrint shell completion setup instructions.\nplain,config\tManage NexusLIMS configuration files.'
  ask fish 'nexuslims ' ''
  assert_line --index 0 --partial 'plain,build-records'
}

@test "quotes and backslashes in the line are read as the shell reads them" {
  ask bash "nexuslims 'config' lo" 2
  assert_output 'plain,load'
  ask bash 'nexuslims "con' 1
  assert_output 'plain,config'
  ask bash 'nexuslims config dump -o "a b" --r' 5
  assert_output 'plain,--redact'
}

@test "a question that is none is answered by nothing and exit 1" {
  for value in bash powershell_source bash_complet; do
    _NEXUSLIMS_COMPLETE=$value run nexuslims --help
    assert_failure 1
    assert_output ''
  done
  COMP_WORDS='nexuslims ' COMP_CWORD=x _NEXUSLIMS_COMPLETE=bash_complete run nexuslims
  assert_failure 1
  _NEXUSLIMS_COMPLETE='' run nexuslims --version
  assert_success
}

@test "completion asks neither for a configuration nor for a database" {
  NX_ENV_FILE=/nonexistent NX_DB_PATH=/nonexistent ask bash 'nexuslims db up' 2
  assert_output 'plain,upgrade'
}

# ------------------------------------------------------------------------------------------------ nexuslims completion

@test "nexuslims completion prints the line for the shell that was named or is in use" {
  run nexuslims completion --shell bash
  assert_success
  assert_line --index 0 '# Add this line to ~/.bashrc:'
  assert_line --index 1 'eval "$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)"'
  assert_equal "$(sed -n 3p <<<"$output")" ''
  assert_equal "$(sed -n 4p <<<"$output" | cut -c 1-8)" '# Note: '
  SHELL=/usr/bin/zsh run nexuslims completion
  assert_line --index 0 '# Add this line to ~/.zshrc:'
  assert_line --index 1 'eval "$(_NEXUSLIMS_COMPLETE=zsh_source nexuslims)"'
  SHELL=/usr/bin/fish run nexuslims completion
  assert_line --index 0 '# Add this line to ~/.config/fish/config.fish:'
  assert_line --index 1 '_NEXUSLIMS_COMPLETE=fish_source nexuslims | source'
  SHELL=/bin/sh run nexuslims completion
  assert_line --index 0 '# Add this line to ~/.bashrc:'
  run nexuslims completion --shell tcsh
  assert_failure 2
  assert_output --partial "Error: Invalid value for '--shell': 'tcsh' is not one of 'bash', 'zsh', 'fish'."
}

# --------------------------------------------------------------------------------------------------------- real shells

# in_bash WORD…: what bash would offer for the last word.
in_bash() {
  bash --norc -c 'eval "$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _nexuslims_completion nexuslims "${COMP_WORDS[COMP_CWORD]}" ""
    echo "${COMPREPLY[*]}"' bash "$@"
}

@test "bash offers what the program answers, also behind an equals sign, at which it parts words" {
  run in_bash nexuslims co
  assert_output 'completion config'
  run in_bash nexuslims instruments list --format = j
  assert_output json
  run in_bash nexuslims instruments list --format =
  assert_output 'table json'
  run in_bash nexuslims instruments list --format = json --j
  assert_output --partial -- '--jq'
  run in_bash nexuslims config load ''
  assert_output ''
  run bash --norc -c 'eval "$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)"; complete -p nexuslims'
  assert_output 'complete -o nosort -F _nexuslims_completion nexuslims'
}

@test "a bash that cannot find the program stays silent" {
  run bash --norc -c 'eval "$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)"; PATH=/nonexistent
    COMP_WORDS=(nexuslims co) COMP_CWORD=1; _nexuslims_completion nexuslims co ""; echo "${#COMPREPLY[@]}"'
  assert_output 0
}

# in_zsh WORD…: the calls that zsh's completion functions get.
in_zsh() {
  zsh -fc 'autoload -Uz compinit; compinit -u -d "$BATS_TEST_TMPDIR/compdump"
    eval "$(_NEXUSLIMS_COMPLETE=zsh_source nexuslims)"
    compadd() { print -r -- "compadd ${(P)@[-1]}" }
    compset() { print -r -- "compset $*" }
    _describe() { print -r -- "describe ${(P)3}" }
    _path_files() { print -r -- "path_files $*" }
    words=("$@") CURRENT=$#
    $_comps[nexuslims]' zsh "$@"
}

@test "zsh describes sub-commands, adds bare values and asks for paths" {
  command -v zsh >/dev/null || skip 'zsh is not installed'
  run in_zsh nexuslims co
  assert_output 'describe completion:Print shell completion setup instructions. config:Manage NexusLIMS configuration files.'
  run in_zsh nexuslims instruments list --format ''
  assert_output 'compadd table json'
  run in_zsh nexuslims config load ''
  assert_output 'path_files -f'
  run in_zsh nexuslims db import ''
  assert_output 'path_files -/'
}

@test "zsh loads the script as a completion function too" {
  command -v zsh >/dev/null || skip 'zsh is not installed'
  mkdir "$BATS_TEST_TMPDIR/functions"
  _NEXUSLIMS_COMPLETE=zsh_source nexuslims >"$BATS_TEST_TMPDIR/functions/_nexuslims"
  assert_equal "$(head -n 1 "$BATS_TEST_TMPDIR/functions/_nexuslims")" '#compdef nexuslims'
  run zsh -fc 'fpath=("$BATS_TEST_TMPDIR/functions" $fpath); autoload -Uz compinit; compinit -u -d "$BATS_TEST_TMPDIR/compdump"
    _describe() { print -r -- "describe ${(P)3}" }
    words=(nexuslims config lo) CURRENT=3
    $_comps[nexuslims]'
  assert_output 'describe load:Load a previously dumped JSON config into...'
}

# tab bash 'LINE\t': the words that a program gets when that is typed.
tab() {
  mkdir -p "$BATS_TEST_TMPDIR/typed"
  cat >"$BATS_TEST_TMPDIR/typed/nexuslims" <<'SCRIPT'
#!/bin/sh
[ -n "$_NEXUSLIMS_COMPLETE" ] && exec "$NX_BUILD/bin/nexuslims"
printf 'ARGS:'
printf '[%s]' "$@"
echo
SCRIPT
  chmod +x "$BATS_TEST_TMPDIR/typed/nexuslims"
  ZDOTDIR=$BATS_TEST_TMPDIR PATH=$BATS_TEST_TMPDIR/typed:$PATH run python3 "$BATS_TEST_DIRNAME/completion-tab.py" "$@"
  assert_success
}

@test "pressing Tab in an interactive bash or zsh completes commands, options, values and paths" {
  : >"$BATS_TEST_TMPDIR/dump-of-march.json"
  for shell in bash zsh; do
    command -v "$shell" >/dev/null || skip "$shell is not installed"
    tab "$shell" 'nexuslims conf\tdu\t--re\t'
    assert_output '[config][dump][--redact]'
    tab "$shell" 'nexuslims instruments list --format=j\t'
    assert_output '[instruments][list][--format=json]'
    tab "$shell" 'nexuslims instruments list --format j\t'
    assert_output '[instruments][list][--format][json]'
    tab "$shell" "nexuslims config load $BATS_TEST_TMPDIR/dump-of\\t"
    assert_output "[config][load][$BATS_TEST_TMPDIR/dump-of-march.json]"
  done
}

@test "fish offers what the program answers, with its help, and completes paths" {
  command -v fish >/dev/null || skip 'fish is not installed'
  export HOME=$BATS_TEST_TMPDIR
  : >"$BATS_TEST_TMPDIR/dump.json"
  in_fish() { fish -c '_NEXUSLIMS_COMPLETE=fish_source nexuslims | source; complete -C $argv[1]' "$1"; }
  run in_fish 'nexuslims co'
  assert_output $'completion\tPrint shell completion setup instructions.\nconfig\tManage NexusLIMS configuration files.'
  run in_fish 'nexuslims instruments list --format j'
  assert_output json
  run in_fish 'nexuslims instruments list --format=j'
  assert_output -- '--format=json'
  run in_fish "nexuslims config load $BATS_TEST_TMPDIR/du"
  assert_output "$BATS_TEST_TMPDIR/dump.json"
}
