#!/usr/bin/env python3
"""Jobs A and B in Polars on one thread: polars_job.py FORMAT FILE JOB"""
import json, os, sys

os.environ["POLARS_MAX_THREADS"] = "1"
import polars as pl
from polars import col

format, path, job = sys.argv[1:4]
ZEEK = "ts uid oh op rh rp proto service duration ob rb state lo lr missed history opk oib rpk rib tp".split()
VPC = "version account eni sa da sp dp protocol packets bytes st en action status".split()
wanted = ["h", "t", "b", "d"] if job == "b" else ["h", "t", "b"]


def parts(pattern):
    lines = pl.scan_csv(path, has_header=False, separator="\x01", quote_char=None, schema={"l": pl.String})
    return lines.select(col("l").str.extract_groups(pattern)).unnest("l")


def columns(names, separator, **more):
    return pl.scan_csv(path, has_header=False, separator=separator, quote_char=None, null_values="-", new_columns=names, infer_schema_length=0, **more)


whole = col("b").cast(pl.Int64)
if format == "squid":
    destination = r"\S+ \d+ \S+ (?:https?://)?(?<d>[^/: ]+).*" if job == "b" else ".*"
    events = parts(r"^(?<ts>\d{10})\.\d+ +\d+ (?<h>\S+) " + destination + r" (?<b>\d+)$")
    events = events.with_columns(t=col("ts").cast(pl.Int64) // 3600, b=whole)
elif format == "combined":
    events = parts(r'^(?<h>\S+) \S+ \S+ \[(?<t>.{14})[^\]]*\] "\S+ (?<d>\S+)[^"]*" \d+ (?<b>\d+)').with_columns(b=whole)
elif format == "zeek":
    events = columns(ZEEK, "\t", comment_prefix="#").select(
        h="oh", t=(col("ts").cast(pl.Float64) / 3600).floor().cast(pl.Int64), b=col("ob").cast(pl.Int64), d="rh"
    )
elif format == "vpc":
    events = columns(VPC, " ").select(h="sa", t=col("st").cast(pl.Int64) // 3600, b=col("bytes").cast(pl.Int64), d="da")
elif format == "eve":
    flow = pl.Struct({"bytes_toserver": pl.Int64})
    events = pl.scan_ndjson(path, schema=dict.fromkeys(["timestamp", "event_type", "src_ip", "dest_ip"], pl.String) | {"flow": flow})
    events = events.filter(col("event_type") == "flow").select(
        h="src_ip", t=col("timestamp").str.slice(0, 13), b=col("flow").struct.field("bytes_toserver"), d="dest_ip"
    )
else:
    events = pl.scan_ndjson(path, schema={"ts": pl.Float64, "id.orig_h": pl.String, "id.resp_h": pl.String, "orig_bytes": pl.Int64})
    events = events.select(h="id.orig_h", t=(col("ts") / 3600).floor().cast(pl.Int64), b="orig_bytes", d="id.resp_h")
events = events.select(wanted).filter(col("b").is_not_null()).collect(engine="streaming")
hours = events.group_by("h", "t").agg(s=col("b").sum(), n=pl.len())
events.group_by("h").agg(col("b").quantile(0.99, "nearest"))
top = events.group_by("h").agg(col("b").sum()).top_k(10, by="b")
pairs = events.group_by("h", "d").agg(col("b").sum()).height if job == "b" else None
answer = {"events": hours["n"].sum(), "hours": hours.height, "bytes": hours["s"].sum(), "top": list(top.row(0)), "pairs": pairs}
print(json.dumps({"version": pl.__version__} | answer))
