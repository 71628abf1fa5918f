"""Writes the golden vectors of this folder: `pip install blake3`, then `python3 make.py`."""
import base64
import json
import struct

import blake3


def digest(data):
    return base64.b32hexencode(blake3.blake3(data).digest()).decode().rstrip("=").lower()


def raw(text):
    return base64.b32hexdecode(text.upper() + "====")


KINDS = {"directory": b"d", "file": b"f", "executable": b"x", "symlink": b"l"}


def name(entry):
    return entry["name"].encode("latin-1")


def printed(entries):
    out = b"dir1"
    for entry in sorted(entries, key=name):
        out += KINDS[entry["kind"]] + bytes([len(name(entry))]) + name(entry)
        if entry["kind"] == "symlink":
            target = entry["target"].encode("latin-1")
            out += struct.pack("<H", len(target)) + target
        else:
            out += raw(entry["digest"]) + struct.pack("<Q", entry["size"])
    return out


def size(entries):
    return sum(1 + (it["size"] if it["kind"] == "directory" else 0) for it in entries)


def file(name, data, kind="file"):
    return {"name": name, "kind": kind, "digest": digest(data), "size": len(data)}


def link(name, target):
    return {"name": name, "kind": "symlink", "target": target}


def directory(name, entries):
    return {"name": name, "kind": "directory", "digest": digest(printed(entries)), "size": size(entries)}


leaf = [file("a", b"hello\n"), file("run", b"#!/bin/sh\n", "executable")]
directories = {
    "empty": [],
    "one file": [file("a", b"")],
    "leaf": leaf,
    "all kinds, a name sorts before one that it begins": [
        directory("foo", leaf),
        file("foo.txt", b"x"),
        link("foo-", "../foo"),
        directory("again", leaf),
        file("a\n\xff", b""),
    ],
    "longest name and target": [link("n" * 255, "t" * 4095)],
}
pattern = bytes(range(251)) * 42000
sizes = [0, 1, 1023, 1024, 1025, 65535, 65536, 65537, 131072, 131073, 196608]
sizes += [1048575, 1048576, 1048577, 5 * 1048576 + 1, 10485760]


def write(path, value):
    with open(path, "w") as out:
        json.dump(value, out, indent=1)
        out.write("\n")


write(
    "directories.json",
    [
        {
            "is": what,
            "entries": sorted(entries, key=name),
            "size": size(entries),
            "bytes": printed(entries).hex(),
            "digest": digest(printed(entries)),
        }
        for what, entries in directories.items()
    ],
)
write(
    "blobs.json",
    {
        "comment": "the digest of the first `size` bytes of 0, 1, … 250, 0, 1, …",
        "blobs": [{"size": it, "digest": digest(pattern[:it])} for it in sizes],
    },
)
