"""Sends a signal to `nx-db upgrade` or `nx-db init` right before one of its system calls, each time another, and looks at what is left.

usage: signal-at-syscall.py upgrade|init KILL|TERM POINTS FOLDER     (POINTS 0: every system call; else so many, evenly spread)

Prints a line for each point that left anything but: the database at exactly one revision with its rows (corpus/db tells what that is), no file
beside it but its journal and one whole backup; and that a further run did not bring to head, tidily."""
import collections, glob, importlib.machinery, importlib.util, os, re, shutil, sqlite3, subprocess, sys

BUILD, SOURCE = os.environ["NX_BUILD"], os.environ["NX_SOURCE"]
CORPUS = os.path.join(os.environ.get("NX_CORPUS") or os.path.join(SOURCE, "..", "shared", "corpus"), "db")
NX_DB = os.path.join(BUILD, "bin", "nx-db")
BACKUP = re.compile(r"nexuslims_backup_\d{8}_\d{6}(_\d+)?\.sqlite")
HEAD = "v2_5_0b"


def load_goldens():
    path = os.path.join(SOURCE, "tests", "corpus", "db-goldens")
    specification = importlib.util.spec_from_loader("goldens", importlib.machinery.SourceFileLoader("goldens", path))
    module = importlib.util.module_from_spec(specification)
    sys.dont_write_bytecode = True
    specification.loader.exec_module(module)
    return module


GOLDENS = load_goldens()


def environment(path):
    # The leak check of a sanitizer build stops the program's threads by ptrace, as strace does.
    return dict(os.environ, NX_DB_PATH=path, NX_ENV_FILE="/dev/null", ASAN_OPTIONS="detect_leaks=0")


def fresh(folder, command):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    path = os.path.join(folder, "nexuslims.sqlite")
    if command == "upgrade":
        shutil.copyfile(os.path.join(CORPUS, "v1_4_3.sqlite"), path)
        os.chmod(path, 0o644)
    return path


def system_calls(folder, command):
    """(name, number of this name) for every system call of an undisturbed run, from the first after execve."""
    path, log = fresh(folder, command), folder + ".log"
    subprocess.run(["strace", "-f", "-qq", "-o", log, NX_DB, command], env=environment(path), check=True, capture_output=True)
    counts, calls = collections.Counter(), []
    with open(log) as lines:
        for line in lines:
            found = re.match(r"\d+\s+(\w+)\(", line)
            if found:
                counts[found[1]] += 1
                calls.append((found[1], counts[found[1]]))
    return [call for call in calls if call[0] != "execve"]


def revision_problems(path):
    """What is wrong with a database that must be at one of the revisions of the corpus."""
    try:
        with sqlite3.connect(path) as database:
            versions = [row[0] for row in database.execute("SELECT version_num FROM alembic_version")]
            integrity = database.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as problem:
        return [f"{os.path.basename(path)}: {problem}"]
    if len(versions) != 1 or integrity != "ok":
        return [f"{os.path.basename(path)}: revisions {versions}, {integrity}"]
    return [f"{os.path.basename(path)} at {versions[0]}: {problem}" for problem in GOLDENS.compare(path, versions[0])]


def made_problems(path):
    """What is wrong with a new database: it has the tables of head, and no rows."""
    objects, rows = GOLDENS.read(path)
    want, _ = GOLDENS.read(made_problems.pattern)
    problems = [] if objects == want else ["the new database is not what init makes"]
    if rows["alembic_version"]["rows"] != [[HEAD]]:
        problems.append(f"the new database is at {rows['alembic_version']['rows']}")
    return problems


def left_problems(path, command, strays):
    folder, name = os.path.split(path)
    names = set(os.listdir(folder))
    backups = {each for each in names if BACKUP.fullmatch(each)}
    problems = [f"{each} is left" for each in sorted(names - backups - {name} - strays)]
    for each in sorted(backups):
        got, want = GOLDENS.read(os.path.join(folder, each)), GOLDENS.read(os.path.join(CORPUS, "v1_4_3.sqlite"))
        if command == "upgrade" and len(backups) == 1 and got != want:
            problems.append(f"{each} is not the database of before")
    if command == "upgrade":
        return problems + revision_problems(path)
    return problems + (made_problems(path) if os.path.exists(path) else [])


def again(path, command):
    """The same once more: it must end well, at head, and leave no file but the database and its backups."""
    words = ["upgrade"] if command == "upgrade" or os.path.exists(path) else ["init"]
    result = subprocess.run([NX_DB, *words], env=environment(path), capture_output=True, text=True)
    if result.returncode != 0:
        return [f"a further run ended with {result.returncode}: {result.stderr.strip()}"]
    with sqlite3.connect(path) as database:
        version = database.execute("SELECT version_num FROM alembic_version").fetchall()
    problems = [] if version == [(HEAD,)] else [f"a further run left {version}"]
    names = [each for each in os.listdir(os.path.dirname(path)) if not BACKUP.fullmatch(each)]
    return problems + [f"a further run left {each}" for each in names if each != os.path.basename(path)]


def main():
    command, signal, points, place = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    folder = os.path.join(place, "run")
    calls = system_calls(folder, command)
    if command == "init":
        made_problems.pattern = shutil.copyfile(os.path.join(folder, "nexuslims.sqlite"), os.path.join(place, "pattern.sqlite"))
    step = max(1, len(calls) // points) if points else 1
    chosen, ended_early, failed = calls[::step], 0, False
    for name, number in chosen:
        path = fresh(folder, command)
        result = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e",
                                 f"inject={name}:signal={signal}:when={number}", NX_DB, command], env=environment(path), capture_output=True, text=True)
        ended_early += result.returncode != 0
        # SQLite finds the journal of a killed writer and takes the writer's changes back with it; one that could clean up has none.
        strays = {"nexuslims.sqlite-journal"} if signal == "KILL" else set()
        for problem in left_problems(path, command, strays) + again(path, command):
            print(f"{signal} before {name} number {number}: {problem}")
            failed = True
    print(f"# {len(chosen)} of {len(calls)} system calls, {ended_early} runs ended early")
    if signal == "KILL" and ended_early < 0.9 * len(chosen):
        print("most signals did not arrive")
        failed = True
    sys.exit(failed)


main()
