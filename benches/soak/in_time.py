#!/usr/bin/env python3
"""How soon is an incident out? Prints, for each, the time between the close of its window and its line on standard output.

    benches/soak/in_time.py target/release/outflow [MINUTES] [LINES A SECOND]

The daemon first learns from eight days of an invented estate that end last midnight; then the same hosts' lines are written with the
present as their stamps, at the rate, which is far more than they ever sent.
"""
import datetime, json, os, random, shutil, signal, subprocess, sys, tempfile, threading, time

outflow = os.path.abspath(sys.argv[1])
minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 12
rate = int(sys.argv[3]) if len(sys.argv) > 3 else 50_000

folder = tempfile.mkdtemp(prefix="outflow-in-time-")
log, store = f"{folder}/conn.log", f"{folder}/store"
start = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=8)
with open(log, "wb") as file:
    arguments = ["--hosts", "300", "--days", "8", "--lines", "0.6", "--scenario", "quiet", "--format", "zeek-conn", "--start", f"{start}T00:00:00Z"]
    subprocess.run([outflow, "synth", *arguments], stdout=file, stderr=subprocess.DEVNULL, check=True)
watch = [outflow, "watch", "--lateness", "10s", "--store", store, log]
subprocess.run([*watch, "--once"], stdout=subprocess.DEVNULL)
# Short connections only: a line is written when its connection is over, so of a long one the stamp would lie in the past.
rows = (line.split(b"\t") for line in open(log, "rb") if not line.startswith(b"#"))
tails = [b"\t".join(row[1:]) for row in rows if row[8] != b"-" and float(row[8]) < 1]
random.seed(1)
random.shuffle(tails)
done = threading.Event()


def write():
    begin, written, at = time.time(), 0, 0
    with open(log, "ab") as file:
        while not done.is_set():
            part = tails[at : at + int((time.time() - begin) * rate) - written]
            at = (at + len(part)) % len(tails)
            written += len(part)
            if part:
                stamp = f"{time.time():.6f}\t".encode()
                file.write(stamp + stamp.join(part))
                file.flush()
            time.sleep(0.02)
    print(f"{written} lines written")


daemon = subprocess.Popen(watch, stdout=subprocess.PIPE, text=True)
writer = threading.Thread(target=write)
writer.start()
threading.Timer(60 * minutes, lambda: daemon.send_signal(signal.SIGTERM)).start()
delays = []
for line in daemon.stdout:
    told = json.loads(line)
    delays.append(time.time() - datetime.datetime.fromisoformat(told["detected_at"].replace("Z", "+00:00")).timestamp())
done.set()
writer.join()
delays.sort()
if delays:
    print(f"{len(delays)} incidents, out after {delays[0]:.2f} s at least, {delays[len(delays) // 2]:.2f} s in the middle, {delays[-1]:.2f} s at most")
shutil.rmtree(folder)
