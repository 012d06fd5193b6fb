#!/usr/bin/env python3
"""Jobs A and B in ClickHouse (chdb) on one thread: chdb_job.py FORMAT FILE JOB"""
import json, sys
import chdb
from chdb import session

format, path, job = sys.argv[1:4]
EVE = "timestamp String, event_type String, src_ip String, dest_ip String, flow Tuple(bytes_toserver UInt64)"
lines = f"file('{path}', LineAsString, 'line String')"
sources = {  # host, time, bytes, destination, from where and which, settings
    "squid": (
        "f[3]",
        "intDiv(toUInt32(substring(f[1], 1, 10)), 3600)",
        "toUInt64(f[11])",
        "if(startsWith(f[7], 'http'), domain(f[7]), substringIndex(f[7], ':', 1))",
        f"(SELECT splitByWhitespace(line) f FROM {lines})",
        "",
    ),
    "combined": ("f[1]", "substring(f[4], 2, 14)", "toUInt64(f[10])", "f[7]", f"(SELECT splitByChar(' ', line) f FROM {lines})", ""),
    # A split of whole lines is faster here than ClickHouse's readers of separated columns.
    "zeek": (
        "f[3]",
        "intDiv(toUInt32(substring(f[1], 1, 10)), 3600)",
        "toUInt64(f[10])",
        "f[5]",
        f"(SELECT splitByChar('\\t', line) f FROM {lines} WHERE NOT startsWith(line, '#')) WHERE f[10] != '-'",
        "",
    ),
    "vpc": (
        "f[4]",
        "intDiv(toUInt32(f[11]), 3600)",
        "toUInt64(f[10])",
        "f[5]",
        f"(SELECT splitByChar(' ', line) f FROM {lines}) WHERE f[10] != '-'",
        "",
    ),
    "eve": (
        "src_ip",
        "substring(timestamp, 1, 13)",
        "flow.bytes_toserver",
        "dest_ip",
        f"file('{path}', JSONEachRow, '{EVE}') WHERE event_type = 'flow'",
        ", input_format_skip_unknown_fields=1, input_format_json_ignore_unknown_keys_in_named_tuple=1",
    ),
    "zeekjson": (
        "`id.orig_h`",
        "intDiv(toUInt32(ts), 3600)",
        "assumeNotNull(orig_bytes)",
        "`id.resp_h`",
        f"file('{path}', JSONEachRow, 'ts Float64, `id.orig_h` String, `id.resp_h` String, orig_bytes Nullable(UInt64)') WHERE orig_bytes IS NOT NULL",
        ", input_format_skip_unknown_fields=1",
    ),
}
host, time, bytes, destination, source, settings = sources[format]
s = session.Session()


def query(text, more=""):
    return s.query(f"{text} SETTINGS max_threads=1{more}", "CSV").bytes().decode()


d = f", {destination} d" if job == "b" else ""
s.query("CREATE DATABASE IF NOT EXISTS w ENGINE=Atomic")
query(f"CREATE TABLE w.e ENGINE=Memory AS SELECT {host} h, {time} t, {bytes} b{d} FROM {source}", settings)
hours = query("SELECT h, t, sum(b) s, count() n FROM w.e GROUP BY h, t").split()
query("SELECT h, quantileTDigest(0.99)(b) FROM w.e GROUP BY h")
top = query("SELECT h, sum(b) s FROM w.e GROUP BY h ORDER BY s DESC LIMIT 10").split()[0].split(",")
pairs = int(query("SELECT count() FROM (SELECT h, d, sum(b) FROM w.e GROUP BY h, d)")) if d else None
bytes, events = (sum(int(hour.rsplit(",", 2)[n]) for hour in hours) for n in (1, 2))
answer = {"events": events, "hours": len(hours), "bytes": bytes, "top": [top[0].strip('"'), int(top[1])], "pairs": pairs}
print(json.dumps({"version": chdb.__version__} | answer))
