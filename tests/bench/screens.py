"""The full-screen programs over 1,000,000 session rows, driven on a pseudo-terminal: from a key to the screen, from the start to the first full screen,
and memory.

Two times of a key: until its own effect is on the screen (the first burst of output: the typed character, the moved cursor, "searching..."), and until the
rows it asks for are all there (the last byte before a second of silence). Processor time is that of the whole process, its threads included."""
import fcntl, os, pty, re, select, signal, statistics, struct, subprocess, termios, time

SILENCE_S = 1.0  # nothing more comes after so long
BURST_S = 0.004  # bytes closer together than this are one refresh of the screen
ROWS, COLUMNS = 30, 120
STARTS = 11


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, command, env):
        self.terminal, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # Spawned, not forked: a copy of the interpreter would count as the program's start.
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
        self.start = time.perf_counter()
        self.pid = os.posix_spawn(command[0], command, {**env, "TERM": "xterm-256color"}, file_actions=actions, setsid=True)
        os.close(slave)

    def listen(self, silence=SILENCE_S):
        """[(when, bytes)] until nothing has come for so long."""
        heard = []
        while select.select([self.terminal], [], [], silence)[0]:
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:  # the program has ended
                break
            if not piece:
                break
            heard.append((time.perf_counter(), piece))
        return heard

    def first_screen(self):
        """Seconds until all of the first screen is there, and of a processor."""
        return self.listen()[-1][0] - self.start, self.processor()

    def processor(self):
        """Seconds of a processor that all threads have used."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def key(self, keys):
        """(own effect, all rows, processor) of a key, in seconds."""
        before, sent = self.processor(), time.perf_counter()
        os.write(self.terminal, keys.encode())
        heard = self.listen()
        if not heard:
            return 0, 0, self.processor() - before
        end = heard[0][0]
        for when, _ in heard:
            if when - end > BURST_S:
                break
            end = when
        return end - sent, heard[-1][0] - sent, self.processor() - before

    def memory(self):
        """The most that was resident, in KiB."""
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def end(self):
        os.write(self.terminal, b"\x11")
        self.listen(0.3)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def middle_and_most(figures):
    return f"median {statistics.median(figures) * 1000:8.2f} ms   most {max(figures) * 1000:8.2f} ms"


def tell(label, measured):
    """measured: (own effect, all rows, processor) of each key."""
    own, rows, busy = zip(*measured)
    print(f"  {label:<46} own effect: {middle_and_most(own)}   rows: {middle_and_most(rows)}   processor: {middle_and_most(busy)}", flush=True)


# What is typed in `db view`, on the table session_log. `clear` brings the screen back to where it was, unmeasured.
VIEW_KEYS = [
    ("cursor down", ["\x1bOB"] * 8, []),
    ("page down", ["\x1b[6~"] * 8, ["\x1b[1~"]),
    ("next 1000 rows, at the end of the page", ["\x1b[4~", "\x1b[6~"] * 4, ["r"]),
    ("filter that many rows match, a letter at a time", list("user3"), ["\x15"]),
    ("filter that no row matches, a letter at a time", list("nothing"), ["\x15"]),
    ("filter that 20 rows match, a letter at a time", list("id=12345"), ["\x15"]),
    ("filter taken back, a letter at a time", ["\x7f"] * 5, ["\x15"]),
]


def start(label, command, env, starts):
    """Several starts; the last one stays."""
    taken = []
    for number in range(starts):
        screen = Screen(command, env)
        taken.append(screen.first_screen())
        if number < starts - 1:
            screen.end()
    wall, busy = zip(*taken)
    print(f"  {label + ', start to first full screen':<46} {middle_and_most(wall)}   processor: {middle_and_most(busy)}", flush=True)
    return screen


def finish(label, screen):
    print(f"  {label + ', resident at the most':<46} {screen.memory() / 1024:.1f} MB", flush=True)
    screen.end()


def view(program, env, starts):
    screen = start("db view", [program("nexuslims"), "db", "view"], env, starts)
    for key in ("t", *"session_log", "\r"):
        screen.key(key)
    for label, keys, clear in VIEW_KEYS:
        if "filter" in label:
            screen.key("/")
        if "taken back" in label:
            screen.key("user3" + "99999")
        tell(label, [screen.key(key) for key in keys])
        for key in clear:
            screen.key(key)
        if "filter" in label:
            screen.key("\r")
    for number, column in ((7, "user"), (4, "timestamp"), (2, "session_identifier")):
        screen.key(str(number))
        tell(f"sort by {column}: up, down, not at all", [screen.key("s") for _ in range(3)])
    finish("db view", screen)


def manage(program, env, starts):
    screen = start("instruments manage", [program("nexuslims"), "instruments", "manage"], env, starts)
    tell("cursor down", [screen.key("\x1bOB") for _ in range(8)])
    screen.key("/")
    tell("filter, a letter at a time", [screen.key(letter) for letter in "instrument 7"])
    screen.key("\x1b")
    tell("sort by the next column", [screen.key("s") for _ in range(6)])
    tell("delete (counts the sessions), No", [screen.key(key) for key in ("d", "n") * 3][0::2])
    finish("instruments manage", screen)


def edit(program, env, starts):
    screen = start("config edit", [program("nexuslims"), "config", "edit", "--env-path", os.path.join(env["XDG_CONFIG_HOME"], ".env")], env, starts)
    tell("typing into a field", [screen.key(letter) for letter in "/data"])
    tell("to the next field", [screen.key("\t") for _ in range(5)])
    finish("config edit", screen)


def add(bench):
    @bench.row("screens", "the full-screen programs over 1,000,000 session rows: start, key to screen, memory")
    def screens(folder):
        path = os.path.join(folder, "screens.sqlite")
        env = bench.clean_environment(NX_DB_PATH=path, XDG_CONFIG_HOME=folder)
        if not os.path.exists(path):
            subprocess.run([bench.program("nx-db"), "init"], env=env, check=True, stdout=subprocess.DEVNULL)
            bench.fill_database(path, 1_000_000, 1000, bench.columns_of(path))
        manage(bench.program, env, STARTS)
        view(bench.program, env, STARTS)
        edit(bench.program, env, STARTS)
