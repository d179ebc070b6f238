#!/usr/bin/env python3
"""Checks a demo facility with readers of its own: DigitalMicrograph and TIFF structure, and that every file lies in a booking.

usage: check_facility.py ROOT      prints one JSON line a file; a sentence on stderr and exit 1 at the first fault."""
import datetime
import glob
import json
import os
import re
import struct
import sys

SIZES = {2: "h", 3: "i", 4: "H", 5: "I", 6: "f", 7: "d", 8: "?", 9: "b", 10: "b", 11: "q", 12: "Q"}


class DigitalMicrograph:
    """Tag tree of a file of version 3 or 4 as path -> value; the pixels as (element type, count)."""

    def __init__(self, data):
        self.data, self.tags = data, {}
        self.version = struct.unpack_from(">i", data, 0)[0]
        assert self.version in (3, 4), "the version is neither 3 nor 4"
        self.word = 4 if self.version == 3 else 8
        length = self.integer(4)
        assert struct.unpack_from(">i", data, 4 + self.word)[0] == 1, "the data are not little-endian"
        end = self.group(8 + self.word, "", True)
        assert end - (8 + self.word) == length, "the length of the root group is wrong"
        assert data[end:] == bytes(8), "the file does not end after the root group"

    def integer(self, at):
        return struct.unpack_from(">i" if self.word == 4 else ">q", self.data, at)[0]

    def group(self, at, path, root=False):
        if self.version == 4 and not root:
            at += 8
        count, at = self.integer(at + 2), at + 2 + self.word
        unnamed = {20: 0, 21: 0}
        for _ in range(count):
            kind, length = struct.unpack_from(">bH", self.data, at)
            assert kind in unnamed, f"kind {kind} at byte {at}"
            name = self.data[at + 3:at + 3 + length].decode("latin-1")
            if not name:
                name = ("TagGroup" if kind == 20 else "Data") + str(unnamed[kind])
                unnamed[kind] += 1
            at = (self.group if kind == 20 else self.value)(at + 3 + length, path + "/" + name)
        return at

    def value(self, at, path):
        end = None
        if self.version == 4:
            end = at + 8 + struct.unpack_from(">Q", self.data, at)[0]
            at += 8
        assert self.data[at:at + 4] == b"%%%%", f"no value at byte {at}"
        count = self.integer(at + 4)
        info = [self.integer(at + 4 + self.word * (i + 1)) for i in range(count)]
        at += 4 + self.word * (count + 1)
        if count == 1:
            self.tags[path] = struct.unpack_from("<" + SIZES[info[0]], self.data, at)[0]
            at += struct.calcsize(SIZES[info[0]])
        else:
            assert count == 3 and info[0] == 20, f"{path}: neither a number nor an array"
            if path.endswith("/ImageData/Data"):
                self.tags[path] = (info[1], info[2])
            elif info[1] == 4:
                self.tags[path] = self.data[at:at + 2 * info[2]].decode("utf-16-le")
            at += struct.calcsize(SIZES[info[1]]) * info[2]
        assert end in (None, at), f"{path}: the size of the entry is wrong"
        return at


def check_dm(data):
    tags = DigitalMicrograph(data).tags
    image = "/ImageList/TagGroup1/ImageData/"
    sizes = [tags[image + f"Dimensions/Data{i}"] for i in range(3) if image + f"Dimensions/Data{i}" in tags]
    product = 1
    for size in sizes:
        product *= size
    assert tags[image + "Data"][1] == product, "the pixels do not fill the dimensions"
    scales = [tags[image + f"Calibrations/Dimension/TagGroup{i}/Units"] for i in range(len(sizes))]
    assert all(scales), "an axis has no unit"
    return {"sizes": sizes, "units": scales, "type": tags[image + "DataType"]}


def check_tiff(data):
    assert data[:4] == b"II*\0", "no little-endian TIFF"
    at = struct.unpack_from("<I", data, 4)[0]
    tags = {}
    for i in range(struct.unpack_from("<H", data, at)[0]):
        tag, kind, count, value = struct.unpack_from("<HHII", data, at + 2 + 12 * i)
        tags[tag] = (count, value & 0xFFFF if kind == 3 else value)
    width, height, bits = tags[256][1], tags[257][1], tags[258][1]
    assert tags[279][1] == width * height * bits // 8, "the strip does not hold the picture"
    text = data[tags[34682][1]:tags[34682][1] + tags[34682][0]].decode("ascii")
    assert "[User]" in text and "[Beam]" in text, "the FEI tag lacks its sections"
    return {"sizes": [width, height], "bits": bits}


def bookings(root):
    found = {}
    for path in glob.glob(root + "/calendars/*.ics"):
        text = open(path, newline="").read().replace("\r\n", "\n")
        instant = "%Y%m%dT%H%M%SZ"
        spans = zip(re.findall(r"^DTSTART:(\S+)", text, re.M), re.findall(r"^DTEND:(\S+)", text, re.M))
        utc = datetime.timezone.utc
        found[os.path.basename(path)[:-4]] = [tuple(datetime.datetime.strptime(end, instant).replace(tzinfo=utc).timestamp() for end in span) for span in spans]
    return found


def main(root):
    booked = bookings(root)
    for line in open(root + "/instruments.jsonl"):
        instrument = json.loads(line)
        store = f"{root}/instrument_data/{instrument['filestore_path']}"
        for path in sorted(glob.glob(store + "/**", recursive=True)):
            if not os.path.isfile(path):
                continue
            data, time = open(path, "rb").read(), os.stat(path).st_mtime
            try:
                assert any(start < time <= end for start, end in booked[instrument["instrument_pid"]]), "it was written outside every booking"
                facts = check_dm(data) if path[-4:-1] == ".dm" else check_tiff(data) if path.endswith(".tif") else {}
            except (AssertionError, KeyError, struct.error) as fault:
                sys.exit(f"{path}: {fault}")
            print(json.dumps({"instrument": instrument["instrument_pid"], "name": os.path.basename(path), **facts}))


main(sys.argv[1])
