"""Runs the commands in the EXAMPLES section of a manual page, one after the other in one bash: manual-examples.py PAGE

The commands are the lines of literal blocks that begin with `$ `, with the lines that belong to them. Two kinds of comment lines in the page:
  .\\" run: COMMAND         runs it first, unseen by the reader: what the example needs
  .\\" not run: REASON      leaves the next block out
What `$ cat FILE` shows is what FILE holds when the commands after it run: so a page's own data have to do for its commands. Lines of JSON
(.jsonl), which pages break, are put together.
A page fails when a command fails, when no command was run, or when one takes sessions from the database and hands none back: who only asks
a question says `nx-db pending -n`, which changes nothing."""
import re, shlex, subprocess, sys

LITERAL = {r"\(aq": "'", r"\e": "\\", r"\&": "", r"\-": "-"}


def plain(line):
    return re.sub(r"\\\(aq|\\e|\\&|\\-", lambda found: LITERAL[found[0]], line)


def is_whole(command):
    """Whether bash would not ask for more."""
    result = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True)
    return result.returncode == 0 and not re.search(r"(\||\\|&&)\s*$", command)


def commands(page):
    """(what to run, the page's line) for a page; None as what to run for a block that is left out."""
    with open(page, encoding="utf-8") as file:
        lines = file.read().split("\n")
    inside = block = skipped = False
    pending, begun = "", 0
    for number, line in enumerate(lines, 1):
        if line[:4].upper() == ".SH ":
            inside = line[4:] == "EXAMPLES"
        if not inside:
            continue
        if line.startswith('.\\" run: '):
            yield line[9:], number
        elif line.startswith('.\\" not run: '):
            skipped = True
        elif line.startswith(".Bd -literal") or line == ".EX":
            block = True
        elif line in (".Ed", ".EE"):
            assert not pending, f"line {begun}: the command has no end: {pending}"
            if skipped:
                yield None, number
            block = skipped = False
        elif block and not skipped and (pending or line.startswith("$ ")):
            begun = begun if pending else number
            pending = f"{pending}\n{plain(line)}" if pending else plain(line[2:])
            if is_whole(pending):
                file = shown_file(pending, lines[number:])
                if file:
                    yield file, begun
                yield pending, begun
                pending = ""


def shown_file(command, lines):
    """What makes the file that a `cat` shows; None for another command. `lines` are those of the page behind it."""
    named = re.fullmatch(r"cat (\S+)", command)
    if not named:
        return None
    shown = []
    for line in lines:
        if line.startswith("$ ") or line in (".Ed", ".EE"):
            break
        shown.append(plain(line))
    text = "".join(line.lstrip(" ") if line[:1] == " " else "\n" + line for line in shown).lstrip("\n") if named[1].endswith(".jsonl") else "\n".join(shown)
    return f"printf '%s\\n' {shlex.quote(text)} > {named[1]}"


def keeps_sessions(command):
    return bool(re.search(r"\bnx-db pending(?! -n)", command)) and "nx-db log-results" not in command


def main():
    page = sys.argv[1]
    script, count = ["set -o pipefail"], 0
    for command, number in commands(page):
        if command is not None:
            count += 1
            assert not keeps_sessions(command), f"line {number}: it hands no session back to nx-db log-results; nx-db pending -n would ask only"
            script += [command, f'status=$?; [ $status = 0 ] || {{ echo "line {number} ended with $status"; exit 1; }}']
    if not count:
        print("no example of this page can be run")
        sys.exit(1)
    result = subprocess.run(["bash", "-c", "\n".join(script)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(result.stdout)
    sys.exit(result.returncode)


main()
