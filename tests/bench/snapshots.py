"""The rows of scripts/bench about snapshots: one table of 5,000,000 rows × 11 columns, of a schema made for the purpose."""
import os, random, shutil, sqlite3, statistics, subprocess, tempfile, time

ROWS = int(os.environ.get("NX_BENCH_ROWS", "5000000"))
COLUMNS = {"id": "INTEGER NOT NULL", "entity_id": "BIGINT NOT NULL", "type_id": "INTEGER", "label": "VARCHAR(100) NOT NULL", "norm": "VARCHAR(100) NOT NULL",
           "kind": "VARCHAR(20)", "source": "VARCHAR(20)", "is_primary": "BOOLEAN", "is_active": "BOOLEAN", "score": "FLOAT", "created_at": "TIMESTAMP"}
REVISION = "-- revision: v1_0_0\n-- parent:\n-- date: 2026-01-01 00:00:00\n-- title: Measurements.\n\nCREATE TABLE measurements (\n"

# What DuckDB needs is timed within Node.js, so that starting Node.js and making the table do not count.
DUCKDB = """
import { createRequire } from 'node:module';
const { DuckDBInstance } = createRequire(process.argv[2] + '/tests/node/')('@duckdb/node-api');
const [database, ...statements] = process.argv.slice(3);
const connection = await (await DuckDBInstance.create(database)).connect();
for (const statement of statements) {
  const start = process.hrtime.bigint(), before = process.cpuUsage();
  await connection.run(statement);
  const used = process.cpuUsage(before);
  console.log(Number(process.hrtime.bigint() - start) / 1e9, (used.user + used.system) / 1e6);
}
"""


def make_schema(folder):
    schema = os.path.join(folder, "migrations", "nexuslims")
    os.makedirs(schema, exist_ok=True)
    with open(os.path.join(schema, "schema.json"), "w") as file:
        file.write('{"name": "nexuslims", "version_table": {"table": "alembic_version", "column": "version_num"}, "tables": ["measurements"]}')
    with open(os.path.join(schema, "v1_0_0_measurements.up.sql"), "w") as file:
        file.write(REVISION + "".join(f"\t{name} {kind},\n" for name, kind in COLUMNS.items()) + "\tPRIMARY KEY (id)\n);\n")
    with open(os.path.join(schema, "v1_0_0_measurements.down.sql"), "w") as file:
        file.write("DROP TABLE measurements;\n")
    return os.path.join(folder, "migrations")


def table_rows(count):
    source = random.Random(1)
    words = ["".join(source.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(source.randint(4, 10))) for _ in range(20000)]
    kinds, sources = ("preferred", "synonym", "code"), ("HGNC", "MONDO", "CHEBI", "MESH", "UNIPROT", None)
    for n in range(count):
        name = words[source.randrange(20000)] + " " + words[source.randrange(20000)]
        yield (n + 1, source.randrange(count), source.randrange(12), name.title(), name, kinds[n % 3], sources[source.randrange(6)], None if n % 3 else 1, 1,
               source.random() * 100 if n % 5 else None, f"2026-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}:{n // 60 % 60:02}")


class Measure:
    def __init__(self, folder, bench):
        self.folder, self.bench = folder, bench
        self.environment = bench.clean_environment(NX_MIGRATIONS_PATH=make_schema(folder), NX_DATA_PATH=folder)
        self.duckdb = os.path.join(folder, "duckdb.mjs")
        self.rows = f"{ROWS:,} rows"
        with open(self.duckdb, "w") as file:
            file.write(DUCKDB)

    def path(self, name):
        return os.path.join(self.folder, name)

    def ours(self, address, *words):
        """Wall seconds, processor seconds and memory of nx-db."""
        return self.bench.once([self.bench.program("nx-db"), "--db-uri", address, *words], env=self.environment)

    def theirs(self, database, *statements):
        """Wall and processor seconds of each statement in DuckDB."""
        command = ["node", self.duckdb, self.bench.SOURCE, database, *statements]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [tuple(map(float, line.split())) for line in out.splitlines()]

    def remove(self, *names):
        for name in names:
            path = self.path(name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)

    def make_table(self):
        self.source = self.path("source.sqlite")
        if os.path.exists(self.source):
            return
        self.ours(self.source, "init")
        with sqlite3.connect(self.source) as database:
            database.execute("PRAGMA synchronous=OFF")
            database.executemany(f"INSERT INTO measurements VALUES ({','.join('?' * len(COLUMNS))})", table_rows(ROWS))

    def compare(self, label, ours, theirs, reach, runs=3):
        """Both sides in turn; the clock, and the processor beside it, since other programs of this computer stretch the former."""
        pairs = [(ours(), theirs()) for _ in range(runs)]
        wall, busy, memory = (statistics.median(pair[0][n] for pair in pairs) for n in range(3))
        their_wall, their_busy = (statistics.median(pair[1][n] for pair in pairs) for n in range(2))
        note = f"processor {busy:.2f} s against {their_busy:.2f} s, ratio {busy / their_busy:.2f}; {memory / 1024:.0f} MB"
        self.bench.report(label, wall, their_wall, reach, note=note)

    # ------------------------------------------------------------------------------------------------------------------------------------

    def export(self):
        snapshot, table = self.path("snapshot"), self.path("duck.db")

        def ours():
            self.remove("snapshot")
            return self.ours(self.source, "export", "-o", snapshot)

        def theirs():
            copy = f"COPY measurements TO '{self.path('duck.parquet')}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)"
            return self.theirs(table, copy)[0]
        ours()
        self.theirs(table, f"CREATE OR REPLACE TABLE measurements AS SELECT * FROM read_parquet('{snapshot}/measurements.parquet')")
        self.compare(f"export of {self.rows} from SQLite, zstd, against DuckDB", ours, theirs, "2.0 (200 MB)")
        print(f"  size: {os.path.getsize(snapshot + '/measurements.parquet') / 1e6:.1f} MB against {os.path.getsize(self.path('duck.parquet')) / 1e6:.1f} MB")

    def bring_back(self):
        def ours():
            self.remove("ours.sqlite")
            return self.ours(self.path("ours.sqlite"), "import", self.path("snapshot"))

        def theirs():
            self.remove("theirs.sqlite", "duck.csv")
            self.ours(self.path("theirs.sqlite"), "init")
            read = f"COPY (SELECT * FROM read_parquet('{self.path('snapshot')}/measurements.parquet')) TO '{self.path('duck.csv')}' (HEADER false)"
            wall, busy = self.theirs(":memory:", read)[0]
            more = self.bench.once(["sqlite3", self.path("theirs.sqlite"), "-cmd", ".mode csv", f".import {self.path('duck.csv')} measurements"])
            return wall + more[0], busy + more[1]
        self.compare(f"verify and import {self.rows} into SQLite, against DuckDB and .import", ours, theirs, "1.5")

    def postgresql(self):
        place = tempfile.mkdtemp(prefix="nx-bench-pg-")
        os.chmod(place, 0o755)
        server = subprocess.Popen([os.path.join(self.bench.SOURCE, "tests", "servers", "postgres-cluster"), place, "-c", "max_wal_size=4GB"])
        psql = ["psql", "-XqAt", "-h", place, "-U", "admin"]
        try:
            for _ in range(600):
                if subprocess.run([*psql, "postgres", "-c", "CREATE DATABASE bench"], stderr=subprocess.DEVNULL).returncode == 0:
                    break
                time.sleep(0.1)
            address = f"postgresql://admin@/bench?host={place}"
            taken = self.ours(address, "import", self.path("snapshot"))
            print(f"  import of {self.rows} into PostgreSQL: {taken[0]:.1f} s, processor {taken[1]:.2f} s, {taken[2] / 1024:.0f} MB")
            subprocess.run([*psql, "bench", "-c", "VACUUM ANALYZE measurements"], check=True)

            def ours():
                self.remove("from-postgresql")
                return self.ours(address, "export", "-o", self.path("from-postgresql"))

            def theirs():
                return self.bench.once([*psql, "bench", "-c", f"\\copy measurements TO '{self.path('psql.csv')}' CSV"])[:2]
            self.compare(f"export of {self.rows} from PostgreSQL, against psql \\copy", ours, theirs, "1.5 (clock)")
            same = all(subprocess.run(["cmp", "-s", self.path("snapshot/" + name), self.path("from-postgresql/" + name)]).returncode == 0
                       for name in os.listdir(self.path("snapshot")) if name.endswith(".parquet"))
            print(f"  the files are {'the same as' if same else 'OTHER THAN'} those from SQLite")
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(place)


def add(bench):
    @bench.row("snapshot", "5,000,000 rows as Parquet and back, against DuckDB, psql and sqlite3 .import; 1,000,000 aliases")
    def snapshot(folder):
        print(subprocess.run([bench.bench_program("bench-alias")], capture_output=True, text=True, check=True).stdout.rstrip(), flush=True)
        measure = Measure(folder, bench)
        measure.make_table()
        measure.export()
        measure.bring_back()
        if shutil.which("psql"):
            measure.postgresql()
