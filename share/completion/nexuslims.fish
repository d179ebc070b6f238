# Completion of nexuslims for fish. Use: _NEXUSLIMS_COMPLETE=fish_source nexuslims | source
function _nexuslims_completion
    command -q nexuslims; or return
    set -l answer (env _NEXUSLIMS_COMPLETE=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) nexuslims 2>/dev/null)
    # fish completes the whole word: what stands before the value of "--option=" is put back.
    set -l before (string match --regex -- '^--[^=]+=' (commandline -t)); or set before ''
    for line in $answer
        set -l parts (string split --max 1 "," -- $line)
        switch $parts[1]
            case plain
                echo -- $before$parts[2]
            case file
                printf '%s\n' $before(__fish_complete_path $parts[2])
            case dir
                printf '%s\n' $before(__fish_complete_directories $parts[2])
        end
    end
end
complete --no-files --command nexuslims --arguments "(_nexuslims_completion)"
