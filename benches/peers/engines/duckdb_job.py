#!/usr/bin/env python3
"""Jobs A and B in DuckDB on one thread.

    duckdb_job.py FORMAT FILE JOB

JOB is a, b, or rule: what outflow counts by its own rules, which is not timed. Those rules: a VPC flow that was refused
went nowhere; a UDP connection of Zeek without a payload was one packet, its header of 28 bytes taken off; addresses of
destinations are told apart by their /24.
"""
import json, sys
import duckdb

format, path, job = sys.argv[1:4]
ZEEK = dict.fromkeys("ts uid oh op rh rp proto service duration ob rb state lo lr missed history opk oib rpk rib tp".split(), "VARCHAR")
ZEEK |= {"ts": "DOUBLE", "ob": "BIGINT", "oib": "BIGINT"}
VPC = dict.fromkeys("version account eni sa da sp dp protocol packets bytes st en action status".split(), "VARCHAR") | {"bytes": "BIGINT", "st": "BIGINT"}
COLUMNS = "quote='', escape='', header=false, auto_detect=false"

# The elapsed time of Squid is padded with blanks: split_part on whole lines is the fastest form found.
lines = f"read_csv('{path}', columns={{'l': 'VARCHAR'}}, delim='\x01', {COLUMNS}, comment='', max_line_size=1048576)"
sources = {  # host, time, bytes, destination, from where, which
    "squid": (
        "split_part(ltrim(substr(l, 15)), ' ', 2)",
        "substr(l, 1, 10)::BIGINT // 3600",
        "split_part(l, ' ', -1)::BIGINT",
        "regexp_extract(l, '(?:https?://| CONNECT )([^/: ]+)', 1)",
        lines,
        "true",
    ),
    "combined": (
        "split_part(l, ' ', 1)",
        "split_part(split_part(l, '[', 2), ':', 1) || split_part(l, ':', 2)",
        "split_part(ltrim(split_part(l, '\"', 3)), ' ', 2)::BIGINT",
        "split_part(l, ' ', 7)",
        lines,
        "true",
    ),
    "zeek": (
        "oh",
        "floor(ts / 3600)::BIGINT",
        "ob",
        "rh",
        f"read_csv('{path}', columns={ZEEK}, delim='\t', {COLUMNS}, skip=8, nullstr='-')",
        "ob IS NOT NULL",
    ),
    "vpc": (
        "sa",
        "st // 3600",
        '"bytes"',
        "da",
        f"read_csv('{path}', columns={VPC}, delim=' ', {COLUMNS}, nullstr='-')",
        '"bytes" IS NOT NULL',
    ),
    "eve": (
        "src_ip",
        "substr(timestamp, 1, 13)",
        "flow.bytes_toserver",
        "dest_ip",
        f"""read_json('{path}', format='newline_delimited', columns={{'timestamp': 'VARCHAR', 'event_type': 'VARCHAR',
            'src_ip': 'VARCHAR', 'dest_ip': 'VARCHAR', 'flow': 'STRUCT(bytes_toserver BIGINT)'}})""",
        "event_type = 'flow'",
    ),
    "zeekjson": (
        '"id.orig_h"',
        "floor(ts / 3600)::BIGINT",
        "orig_bytes",
        '"id.resp_h"',
        f"""read_json('{path}', format='newline_delimited', columns={{'ts': 'DOUBLE', 'proto': 'VARCHAR', 'id.orig_h': 'VARCHAR',
            'id.resp_h': 'VARCHAR', 'orig_bytes': 'BIGINT', 'orig_ip_bytes': 'BIGINT'}})"""
        if job == "rule"
        else f"""read_json('{path}', format='newline_delimited', columns={{'ts': 'DOUBLE', 'id.orig_h': 'VARCHAR',
            'id.resp_h': 'VARCHAR', 'orig_bytes': 'BIGINT'}})""",
        "orig_bytes IS NOT NULL",
    ),
}
host, time, bytes, destination, source, which = sources[format]
if job == "rule":
    if format == "vpc":
        which += " AND action = 'ACCEPT'"
    if format in ("zeek", "zeekjson"):
        payload, packet = ("ob", "oib") if format == "zeek" else ("orig_bytes", "orig_ip_bytes")
        bytes, which = f"coalesce({payload}, {packet} - 28)", f"{payload} IS NOT NULL OR proto = 'udp'"
    if format not in ("squid", "combined"):
        destination = f"regexp_extract({destination}, '^[0-9]+[.][0-9]+[.][0-9]+')"

c = duckdb.connect()
c.execute("SET threads=1")
c.execute("SET preserve_insertion_order=false")
d = f", {destination} d" if job != "a" else ""
c.execute(f"CREATE TEMP TABLE e AS SELECT {host} h, {time} t, {bytes} b{d} FROM {source} WHERE {which}")
hours = c.execute("SELECT h, t, sum(b)::BIGINT s, count(*) n FROM e GROUP BY ALL").fetchnumpy()
c.execute("SELECT h, approx_quantile(b, 0.99) FROM e GROUP BY h").fetchnumpy()
top = c.execute("SELECT h, sum(b)::BIGINT s FROM e GROUP BY h ORDER BY s DESC LIMIT 10").fetchall()
pairs = len(c.execute("SELECT h, d, sum(b)::BIGINT FROM e GROUP BY h, d").fetchnumpy()["h"]) if d else None
answer = {"events": int(hours["n"].sum()), "hours": len(hours["h"]), "bytes": int(hours["s"].sum()), "top": list(top[0]), "pairs": pairs}
print(json.dumps({"version": duckdb.__version__} | answer))
