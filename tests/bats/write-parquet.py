"""A Parquet file of what our own writer never writes: `write-parquet.py FOLDER TABLE COLUMNS` puts it into a snapshot in place of the table there.

COLUMNS is JSON, a list of [name, kind, [value, …]]; kinds are those of KINDS, `list` is a repeated column with one value a row. One row group,
plain, uncompressed, no nulls (parquet 10)."""
import hashlib
import json
import pathlib
import struct
import sys

I32, I64, BINARY, LIST, STRUCT, TRUE = 5, 6, 8, 9, 12, 1
MICROS = [(2, STRUCT, [])]
UTC = [(8, STRUCT, [(1, TRUE, None), (2, STRUCT, MICROS)])]
KINDS = {  # physical type, repetition, logical type
    "integer": (2, 0, None), "real": (5, 0, None), "bytes": (6, 0, None),
    "text": (6, 0, [(1, STRUCT, [])]), "timestamp": (2, 0, UTC), "date": (1, 0, [(6, STRUCT, [])]),
    "time": (2, 0, [(7, STRUCT, [(1, TRUE, None), (2, STRUCT, MICROS)])]), "list": (2, 2, None),
}


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def value(kind, content):
    if kind in (I32, I64):
        return varint(content << 1 if content >= 0 else (-content << 1) - 1)
    if kind == BINARY:
        return varint(len(content.encode())) + content.encode()
    if kind == STRUCT:
        return struct_of(content)
    inner, items = content
    return bytes([min(len(items), 15) << 4 | inner]) + (varint(len(items)) if len(items) > 14 else b"") + b"".join(value(inner, item) for item in items)


def struct_of(fields):
    out, last = b"", 0
    for number, kind, content in fields:
        out += bytes([(number - last) << 4 | kind]) + (b"" if kind == TRUE else value(kind, content))
        last = number
    return out + b"\0"


def plain(physical, content):
    if physical == 6:
        return struct.pack("<I", len(content.encode())) + content.encode()
    return struct.pack({1: "<i", 2: "<q", 5: "<d"}[physical], content)


def page(physical, repetition, values):
    body = b"".join(plain(physical, content) for content in values)
    if repetition == 2:  # no value goes on with the list before it; every one is there
        body = b"".join(struct.pack("<I", len(run)) + run for run in (varint(len(values) << 1) + b"\0", varint(len(values) << 1) + b"\1")) + body
    header = [(1, I32, 0), (2, I32, len(body)), (3, I32, len(body)), (5, STRUCT, [(1, I32, len(values)), (2, I32, 0), (3, I32, 3), (4, I32, 3)])]
    return struct_of(header) + body


def parquet(columns):
    n, data, elements, chunks = len(columns[0][2]), b"PAR1", [[(4, BINARY, "schema"), (5, I32, len(columns))]], []
    for name, kind, values in columns:
        physical, repetition, logical = KINDS[kind]
        elements.append([(1, I32, physical), (3, I32, repetition), (4, BINARY, name)] + ([(10, STRUCT, logical)] if logical else []))
        chunk = page(physical, repetition, values)
        about = [(1, I32, physical), (2, LIST, (I32, [0, 3])), (3, LIST, (BINARY, [name])), (4, I32, 0), (5, I64, n), (6, I64, len(chunk)),
                 (7, I64, len(chunk)), (9, I64, len(data))]
        chunks.append([(2, I64, 0), (3, STRUCT, about)])
        data += chunk
    group = [(1, LIST, (STRUCT, chunks)), (2, I64, len(data) - 4), (3, I64, n)]
    footer = struct_of([(1, I32, 1), (2, LIST, (STRUCT, elements)), (3, I64, n), (4, LIST, (STRUCT, [group]))])
    return data + footer + struct.pack("<I", len(footer)) + b"PAR1"


folder, table, columns = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
data = parquet(columns)
(folder / f"{table}.parquet").write_bytes(data)
manifest = json.loads((folder / "manifest.json").read_text())
manifest["tables"][table].update(rows=len(columns[0][2]), size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
(folder / "manifest.json").write_text(json.dumps(manifest))
