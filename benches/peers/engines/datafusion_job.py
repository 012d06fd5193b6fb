#!/usr/bin/env python3
"""Jobs A and B in DataFusion on one thread: datafusion_job.py FORMAT FILE JOB"""
import json, sys, warnings
import datafusion, pyarrow
import pyarrow.compute

warnings.simplefilter("ignore")
format, path, job = sys.argv[1:4]
ZEEK = "ts uid oh op rh rp proto service duration ob rb state lo lr missed history opk oib rpk rib tp".split()
VPC = "version account eni sa da sp dp protocol packets bytes st en action status".split()
text, whole = pyarrow.string(), pyarrow.int64()
c = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(1))


def columns(names, separator, **more):
    schema = pyarrow.schema([(name, text) for name in names])
    options = datafusion.CsvReadOptions(schema=schema, has_header=False, delimiter=separator, file_extension=".log", **more)
    c.register_csv("r", path, options=options)


def objects(*members):
    c.register_json("r", path, schema=pyarrow.schema(list(members)), file_extension=".log")


if format == "squid":
    columns(["l"], "\x01")
    host, time, bytes = "split_part(ltrim(substr(l, 15)), ' ', 2)", "CAST(substr(l, 1, 10) AS BIGINT) / 3600", "CAST(split_part(l, ' ', -1) AS BIGINT)"
    destination, which = "regexp_match(l, '(?:https?://| CONNECT )([^/: ]+)')[1]", "true"
elif format == "combined":
    columns(["l"], "\x01")
    host, time, bytes = "split_part(l, ' ', 1)", "substr(split_part(l, ' ', 4), 2, 14)", "CAST(split_part(l, ' ', 10) AS BIGINT)"
    destination, which = "split_part(l, ' ', 7)", "true"
elif format == "zeek":
    columns(ZEEK, "\t", comment="#")
    host, time, bytes, destination, which = "oh", "CAST(substr(ts, 1, 10) AS BIGINT) / 3600", "CAST(ob AS BIGINT)", "rh", "ob <> '-'"
elif format == "vpc":
    columns(VPC, " ")
    host, time, bytes, destination, which = "sa", "CAST(st AS BIGINT) / 3600", "CAST(bytes AS BIGINT)", "da", "bytes <> '-'"
elif format == "eve":
    flow = pyarrow.struct([("bytes_toserver", whole)])
    objects(("timestamp", text), ("event_type", text), ("src_ip", text), ("dest_ip", text), ("flow", flow))
    host, time, bytes, destination, which = "src_ip", "substr(timestamp, 1, 13)", "flow['bytes_toserver']", "dest_ip", "event_type = 'flow'"
else:
    objects(("ts", pyarrow.float64()), ("id.orig_h", text), ("id.resp_h", text), ("orig_bytes", whole))
    host, time, bytes = '"id.orig_h"', "CAST(floor(ts / 3600) AS BIGINT)", "orig_bytes"
    destination, which = '"id.resp_h"', "orig_bytes IS NOT NULL"
d = f", {destination} d" if job == "b" else ""
events = c.sql(f"SELECT {host} h, {time} t, {bytes} b{d} FROM r WHERE {which}").cache()
c.register_table("e", events)
hours = c.sql("SELECT h, t, sum(b) s, count(*) n FROM e GROUP BY h, t").to_arrow_table()
c.sql("SELECT h, approx_percentile_cont(b, 0.99) FROM e GROUP BY h").to_arrow_table()
top = c.sql("SELECT h, sum(b) s FROM e GROUP BY h ORDER BY s DESC LIMIT 10").to_pylist()[0]
pairs = c.sql("SELECT h, d, sum(b) FROM e GROUP BY h, d").to_arrow_table().num_rows if d else None
total = {key: pyarrow.compute.sum(hours[column]).as_py() for key, column in (("events", "n"), ("bytes", "s"))}
print(json.dumps({"version": datafusion.__version__, "hours": hours.num_rows, "top": [top["h"], top["s"]], "pairs": pairs} | total))
