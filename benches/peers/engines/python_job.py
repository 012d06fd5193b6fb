#!/usr/bin/env python3
"""Jobs A and B in plain CPython, a loop tuned by hand (JSON with orjson): python_job.py FORMAT FILE JOB"""
import json, math, platform, sys
from collections import defaultdict

format, path, job = sys.argv[1:4]


def squid(file):
    for line in file:
        x = line.split()
        destination = x[6].split(b"//")[-1].split(b"/")[0].split(b":")[0] if job == "b" else None
        yield x[2], int(x[0][:10]) // 3600, int(x[10]), destination


def combined(file):
    for line in file:
        x = line.split(b" ", 10)
        yield x[0], x[3][:15], int(x[9]), x[6]


def zeek(file):
    for line in file:
        if line[0] != ord("#"):
            x = line.split(b"\t", 10)
            if x[9] != b"-":
                yield x[2], int(x[0][:10]) // 3600, int(x[9]), x[4]


def vpc(file):
    for line in file:
        x = line.split()
        if x[9] != b"-":
            yield x[3], int(x[10]) // 3600, int(x[9]), x[4]


def eve(file):
    from orjson import loads

    for x in map(loads, file):
        if x["event_type"] == "flow":
            yield x["src_ip"], x["timestamp"][:13], x["flow"]["bytes_toserver"], x["dest_ip"]


def zeekjson(file):
    from orjson import loads

    for x in map(loads, file):
        if (bytes := x.get("orig_bytes")) is not None:
            yield x["id.orig_h"], int(x["ts"]) // 3600, bytes, x["id.resp_h"]


sums, counts, values, pairs = defaultdict(int), defaultdict(int), defaultdict(list), defaultdict(int)
for host, time, bytes, destination in globals()[format](open(path, "rb", 1 << 20)):
    sums[host, time] += bytes
    counts[host, time] += 1
    values[host].append(bytes)
    if job == "b":
        pairs[host, destination] += bytes
quantiles = {host: sorted(all)[math.ceil(0.99 * len(all)) - 1] for host, all in values.items()}
top = sorted(((sum(all), host) for host, all in values.items()), reverse=True)[:10]
name = top[0][1] if isinstance(top[0][1], str) else top[0][1].decode()
answer = {"events": sum(counts.values()), "hours": len(sums), "bytes": sum(sums.values()), "top": [name, top[0][0]], "pairs": len(pairs) or None}
print(json.dumps({"version": platform.python_version()} | answer))
