"""Kills `igem-server db upgrade` or `igem-server db create` right before one of its system calls, each time another, and looks at what is left.

usage: igem-kill-at-syscall.py upgrade|create POINTS FOLDER [BEHIND]     (POINTS 0: every system call; BEHIND: the database to upgrade)

Prints a line for each point that left anything but a database at one of its revisions, whole, with the tables of that revision (or none, for
create); or after which the same command did not end well, at head, with nothing beside the database."""
import collections, os, re, shutil, sqlite3, subprocess, sys

PROGRAM = os.path.join(os.environ["NX_BUILD"], "bin", "igem-server")
BASE, HEAD = "7a8b9c0d1e2f", "846c774a8f66"
NAME = "igem.db"


def environment():
    # The leak check of a sanitizer build stops the program's threads by ptrace, as strace does.
    return dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def fresh(folder, behind):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    path = os.path.join(folder, NAME)
    if behind:
        shutil.copyfile(behind, path)
    return path


def words(path, command):
    return [PROGRAM, "--db-uri", path, "db", command]


def read(path):
    """(versions, tables and indexes, number of rows of each table) of a database that is sound; raises sqlite3.Error otherwise."""
    with sqlite3.connect(path) as database:
        if database.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("damaged")
        objects = sorted(database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
        versions = [row[0] for row in database.execute("SELECT version_num FROM alembic_version")]
        rows = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for kind, name, _ in objects if kind == "table"}
    return versions, objects, rows


def system_calls(folder, command, behind):
    """(name, number of this name) for every system call of an undisturbed run, from the first after execve."""
    path, log = fresh(folder, behind), folder + ".log"
    subprocess.run(["strace", "-f", "-qq", "-o", log, *words(path, command)], env=environment(), check=True, capture_output=True)
    counts, calls = collections.Counter(), []
    with open(log) as lines:
        for line in lines:
            found = re.match(r"\d+\s+(\w+)\(", line)
            if found:
                counts[found[1]] += 1
                calls.append((found[1], counts[found[1]]))
    return [call for call in calls if call[0] != "execve"]


def problems_of(path, patterns):
    try:
        versions, objects, rows = read(path)
    except sqlite3.Error as problem:
        return [str(problem)]
    if len(versions) != 1 or versions[0] not in patterns:
        return [f"revisions {versions}"]
    return [] if (objects, rows) == patterns[versions[0]] else [f"it is at {versions[0]} and does not look like it"]


def left(path, command, patterns):
    # SQLite finds the journal of a killed writer and takes the writer's changes back with it.
    strays = set(os.listdir(os.path.dirname(path))) - {NAME, NAME + "-journal"}
    problems = [f"{each} is left" for each in sorted(strays)]
    if command == "create" and not os.path.exists(path):
        return problems
    return problems + problems_of(path, patterns)


def again(path, command, patterns):
    result = subprocess.run(words(path, command), env=environment(), capture_output=True, text=True)
    if result.returncode != 0:
        return [f"a further run ended with {result.returncode}: {result.stderr.strip()}"]
    names = [each for each in os.listdir(os.path.dirname(path)) if each != NAME]
    return problems_of(path, {HEAD: patterns[HEAD]}) + [f"a further run left {each}" for each in names]


def main():
    command, points, place = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    behind = sys.argv[4] if len(sys.argv) > 4 else None
    folder = os.path.join(place, "run")
    calls = system_calls(folder, command, behind)
    patterns = {HEAD: read(os.path.join(folder, NAME))[1:]}
    if behind:
        patterns[BASE] = read(behind)[1:]
    step = max(1, len(calls) // points) if points else 1
    chosen, ended_early, seen, failed = calls[::step], 0, collections.Counter(), False
    for name, number in chosen:
        path = fresh(folder, behind)
        result = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e",
                                 f"inject={name}:signal=KILL:when={number}", *words(path, command)], env=environment(), capture_output=True)
        ended_early += result.returncode != 0
        problems = left(path, command, patterns)
        seen[read(path)[0][0] if os.path.exists(path) and not problems else "none"] += 1
        for problem in problems + again(path, command, patterns):
            print(f"killed before {name} number {number}: {problem}")
            failed = True
    print(f"# {len(chosen)} of {len(calls)} system calls, {ended_early} runs ended early, left: {dict(seen)}")
    if ended_early < 0.9 * len(chosen):
        print("most signals did not arrive")
        failed = True
    sys.exit(failed)


main()
