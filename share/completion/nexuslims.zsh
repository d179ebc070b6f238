#compdef nexuslims
# Completion of nexuslims for zsh. Use: eval "$(_NEXUSLIMS_COMPLETE=zsh_source nexuslims)", or as a file _nexuslims on $fpath.
_nexuslims_completion() {
  (( $+commands[nexuslims] )) || return 1
  local -a answer described bare
  answer=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) _NEXUSLIMS_COMPLETE=zsh_complete nexuslims 2>/dev/null)}")
  # Behind "--option=" only the value is completed.
  [[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
  local type value help
  for type value help in "${answer[@]}"; do
    case $type in
      plain)
        if [[ $help == _ ]]; then
          bare+=("$value")
        else
          described+=("${value//:/\\:}:$help")
        fi ;;
      file) _path_files -f ;;
      dir) _path_files -/ ;;
    esac
  done
  (( $#described )) && _describe -V unsorted described
  (( $#bare )) && compadd -V unsorted -a bare
  return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _nexuslims_completion "$@"
else
  compdef _nexuslims_completion nexuslims
fi
