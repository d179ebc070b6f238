"""Rows of scripts/bench about nx-extract: every format, two workers, memory with very large files."""
import json, os, shutil, statistics, struct, subprocess, sys

# Name, folders of the corpus, extensions, who reads the same files today.
FORMATS = [
    ("FEI TIFF", ["fei-tif"], {"tif", "tiff"}, ("hyperspy", "pillow")), ("Orion TIFF", ["orion"], {"tif"}, ("hyperspy", "pillow")),
    ("Tescan TIFF", ["tescan"], {"tif"}, ("hyperspy", "pillow")), ("DigitalMicrograph", ["dm"], {"dm3", "dm4"}, ("hyperspy",)),
    ("TIA", ["tia"], {"ser"}, ("hyperspy",)), ("EDAX spc", ["edax"], {"spc"}, ("hyperspy",)), ("EMSA msa", ["edax"], {"msa"}, ("hyperspy",)),
    ("Tofwerk HDF5", ["tofwerk"], {"h5"}, ()), ("pictures", ["image"], {"png", "jpg", "bmp", "gif"}, ("hyperspy", "pillow")),
]
# What each of them can be asked for, beside ours: its mode and how it is called here.
MODES = {
    "hyperspy": {"metadata": (("metadata", "HyperSpy"),), "preview": (("plot", "HyperSpy's plot"), ("bare", "HyperSpy, the numbers"))},
    "pillow": {"metadata": (("metadata", "Pillow"),), "preview": (("preview", "Pillow"),)},
}

# Prints processor seconds a file and how many could be read; imports are not counted.
PILLOW = """
import io, json, sys, time
from PIL import Image
files, preview = json.load(open(sys.argv[1])), sys.argv[2] == 'preview'
good, start = 0, time.process_time()
for path in files:
    try:
        with Image.open(path) as picture:
            dict(picture.info)
            dict(getattr(picture, 'tag_v2', {}))
            if preview:
                picture.thumbnail((500, 500))
                picture.convert('RGBA').save(io.BytesIO(), 'PNG')
        good += 1
    except Exception:
        pass
print((time.process_time() - start) / max(good, 1), good)
"""


def pillow(folder, files, mode):
    path = os.path.join(folder, "files.json")
    with open(path, "w") as file:
        json.dump(files, file)
    out = subprocess.run(["/usr/bin/python3", "-c", PILLOW, path, mode], capture_output=True, text=True, check=True).stdout.split()
    return float(out[0]), int(out[1])


def lines_of(folder, paths):
    path = os.path.join(folder, "lines.jsonl")
    with open(path, "w") as file:
        file.writelines(json.dumps({"kind": "file", "path": each}) + "\n" for each in paths)
    return path


def big_tiff(path, side):
    """An uncompressed grey TIFF of side × side bytes, one strip, whose pixels are a hole."""
    tags = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8 + 2 + 12 * 8 + 4), (278, 4, 1, side),
            (279, 4, 1, side * side)]
    with open(path, "wb") as file:
        file.write(b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4))
        file.truncate(file.tell() + side * side)


def big_ser(path, frames, side):
    """A series of `frames` images of side × side 16-bit numbers, which are holes."""
    head = struct.pack("<HHH", 0x4949, 0x0197, 0x0220) + struct.pack("<IIIIQI", 0x4122, 0x4152, frames, frames, 0, 1)
    dimension = struct.pack("<IddII", frames, 0.0, 1.0, 0, 0) + struct.pack("<I", 0)
    table = len(head) + len(dimension)
    head = head[:22] + struct.pack("<Q", table) + head[30:]
    element = struct.pack("<ddI", 0.0, 1e-9, 0) * 2 + struct.pack("<HII", 2, side, side)
    step, first = len(element) + side * side * 2, table + 16 * frames
    with open(path, "wb") as file:
        file.write(head + dimension + b"".join(struct.pack("<Q", first + step * n) for n in range(frames)))
        file.write(b"".join(struct.pack("<Q", first + step * frames) for _ in range(frames)))
        for n in range(frames):
            file.seek(first + step * n)
            file.write(element)
        file.truncate(first + step * frames + 6 * frames)


BIG_HDF5 = """
import h5py, sys
with h5py.File(sys.argv[1], 'w') as file:
    file.attrs['file_format'], file.attrs['file_format_version'] = 'HyperSpy', '3.1'
    signal = file.create_group('Experiments/big')
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    h5py.h5d.create(signal.id, b'data', h5py.h5t.STD_U16LE, h5py.h5s.create_simple((32768, 32768)), plan)
    for number, name in enumerate(('y', 'x')):
        axis = signal.create_group(f'axis-{number}')
        axis.attrs.update(name=name, scale=1.0, offset=0.0, size=32768, units='nm', navigate=False)
    signal.create_group('metadata/Signal').attrs['signal_type'] = ''
    signal.create_group('original_metadata')
    signal.create_group('learning_results')
"""


def big_hdf5(path):
    """2 GiB in one contiguous dataset that was never written, as HyperSpy lays its files out."""
    subprocess.run(["/usr/bin/python3", "-c", BIG_HDF5, path], check=True)


def add(bench):
    @bench.row("formats", "processor time a file, sandbox included, by format, against HyperSpy 1.7.3 and Pillow", ("hyperspy",))
    def formats(folder):
        env, read = bench.extraction_environment(folder), {"hyperspy": bench.hyperspy, "pillow": pillow}
        for label, parts, extensions, readers in FORMATS:
            files, lines = bench.copies(folder, parts, extensions, 400)
            for mode, option, reach in (("metadata", ["--no-preview"], "1/15"), ("preview", [], "1/50")):
                command = bench.one_core([bench.program("nx-extract"), "-j", "1", *option])
                ours = statistics.median(bench.per_file(command, env, lines, files)() for _ in range(3))
                for reader in readers:
                    for asked, name in MODES[reader][mode]:
                        theirs, good = read[reader](folder, files[:100], asked)
                        bench.report(f"{label}: {mode}, against {name}", ours, theirs if good else None, reach, note=f"reads {good} of 100")
                if not readers:
                    bench.report(f"{label}: {mode}", ours, note="nobody else reads it")
            shutil.rmtree(os.path.join(folder, "instruments"))

    @bench.row("workers", "nx-extract with two workers against one")
    def workers(folder):
        env = bench.extraction_environment(folder)
        for parts, extensions in ((["fei-tif"], {"tif", "tiff"}), (["dm"], {"dm3", "dm4"})):
            files, lines = bench.copies(folder, parts, extensions, 1000)
            runs = {jobs: [bench.program("nx-extract"), "-j", str(jobs)] for jobs in (1, 2)}
            fresh = bench.with_new_output(env)
            one, two = bench.in_turn(bench.wall(runs[1], env=fresh, stdin=lines), bench.wall(runs[2], env=fresh, stdin=lines), 3)
            print(f"  {parts[0] + ': files a second, two workers of one':<58} {one / two:9.2f}      reach: 1.8 on two cores that are free")

    @bench.row("memory", "resident memory with very large files, preview and metadata", ("hyperspy",))
    def memory(folder):
        os.makedirs(os.path.join(folder, "instruments"), exist_ok=True)
        env = bench.extraction_environment(folder)
        for name, make in (("2 GiB .dm4", lambda path: bench.sparse_dm4(path, 23170)), ("1 GiB .tif", lambda path: big_tiff(path, 32768)),
                           ("1 GiB .ser", lambda path: big_ser(path, 128, 2048)), ("2 GiB .hspy", big_hdf5)):
            path = os.path.join(folder, "instruments", "large." + name.rsplit(".", 1)[1])
            make(path)
            result = subprocess.run([bench.program("nx-extract"), "-j", "1"], env=env, stdin=open(lines_of(folder, [path])), capture_output=True, text=True, check=True)
            shown = json.loads(result.stdout)
            drawn = [each["preview"] is not None and "Extractor Warnings" not in each["nx_meta"]["NexusLIMS Extraction"] for each in shown["datasets"]]
            taken, busy, resident = bench.once([bench.program("nx-extract"), "-j", "1"], env=env, stdin=lines_of(folder, [path]))
            bench.report(f"{name}, read by {shown['extractor']}", taken, note=f"{busy:.2f} s of a processor, resident at the most {resident / 1024:.1f} MB, reach: 96 MB"
                         + ("" if all(drawn) else "; IT WAS NOT READ") + (f"; {result.stderr.strip()}" if result.stderr else ""))
            os.unlink(path)
