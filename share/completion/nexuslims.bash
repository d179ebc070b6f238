# Completion of nexuslims for bash 4.4 or newer. Use: eval "$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)"
_nexuslims_completion() {
  local words='' cword=$COMP_CWORD i type value
  # bash parts words at "=": "--format=json" arrives as three words and is put together again.
  for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
    if [[ ${COMP_WORDS[i]} == = && i -gt 1 && ${COMP_WORDS[i - 1]} == --* ]]; then
      words+="=${COMP_WORDS[i + 1]}"
      ((COMP_CWORD >= i)) && ((cword--))
      ((COMP_CWORD >= ++i)) && ((cword--))
    else
      words+="${words:+ }${COMP_WORDS[i]}"
    fi
  done
  COMPREPLY=()
  type -P -- "$1" >/dev/null || return 0
  while IFS=, read -r type value; do
    case $type in
      plain) COMPREPLY+=("$value") ;;
      file) COMPREPLY=(); compopt -o default 2>/dev/null ;;
      dir) COMPREPLY=(); compopt -o dirnames 2>/dev/null ;;
    esac
  done < <(COMP_WORDS=$words COMP_CWORD=$cword _NEXUSLIMS_COMPLETE=bash_complete "$1" 2>/dev/null)
  return 0
}
if ((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4))); then
  complete -o nosort -F _nexuslims_completion nexuslims
else
  echo "Completion of nexuslims needs bash 4.4 or newer; this is $BASH_VERSION." >&2
fi
