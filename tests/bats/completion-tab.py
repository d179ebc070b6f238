"""Types one line with Tab keys into an interactive shell on a terminal of its own, and prints the words that arrived.

usage: completion-tab.py bash|zsh 'nexuslims conf\tdu\t'
A program `nexuslims` first on PATH must print `ARGS:` and its words; it is waited for, so nothing here depends on the machine's speed.
"""
import os
import pty
import re
import select
import sys
import time

DEADLINE_S = 60
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
PREPARE = {
    "bash": 'eval "$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)"; PS1="REA""DY> "\n',
    "zsh": 'autoload -Uz compinit; compinit -u -d "$ZDOTDIR/dump"; eval "$(_NEXUSLIMS_COMPLETE=zsh_source nexuslims)"; PS1="REA""DY> "\n',
}


def wait_for(terminal, pattern, seen):
    deadline = time.monotonic() + DEADLINE_S
    while not re.search(pattern, seen):
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            seen += os.read(terminal, 65536)
        elif time.monotonic() > deadline:
            sys.exit(f"{pattern!r} did not appear in {seen!r}")
    return seen


def main():
    shell, line = sys.argv[1], sys.argv[2].encode().decode("unicode_escape")
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="dumb", COLUMNS="200")
        os.execvp(SHELLS[shell][0], SHELLS[shell])
    os.write(terminal, PREPARE[shell].encode())
    wait_for(terminal, rb"READY> ", b"")
    os.write(terminal, line.encode() + b"\n")
    seen = wait_for(terminal, rb"ARGS:[^\r\n]*[\r\n]", b"")
    print(re.findall(rb"ARGS:([^\r\n]*)", seen)[-1].decode())
    os.close(terminal)
    os.waitpid(child, 0)


main()
