#!/usr/bin/env python3
"""What a tool that prints rows has found, as the other jobs say it: answer.py outflow|pairs|ag|goaccess FILE"""
import json, sys
from collections import Counter

kind, path = sys.argv[1:3]
answer = {"events": 0, "hours": None, "bytes": 0, "top": None, "pairs": None}
if kind == "goaccess":
    report = json.load(open(path))
    top = report["hosts"]["data"][0]
    answer |= {"events": report["general"]["valid_requests"], "bytes": report["general"]["bandwidth"], "top": [top["data"], top["bytes"]["count"]]}
else:
    rows = json.load(open(path)) if kind == "ag" else map(json.loads, open(path))
    host, bytes, events = ("h", "s", "n") if kind == "ag" else ("host", "bytes_out", "events")
    totals, count = Counter(), 0
    for row in rows:
        totals[row[host]] += row[bytes]
        answer["events"] += row[events]
        count += 1
    answer |= {"bytes": sum(totals.values()), "top": list(totals.most_common(1)[0]), "pairs" if kind == "pairs" else "hours": count}
print(json.dumps(answer))
