#!/usr/bin/env python3
"""Soak: `outflow watch` under a steady load, with rotation each minute; prints a row a minute.

    benches/soak/run.py target/release/outflow [MINUTES] [LINES A SECOND]

A Squid log with upload sizes is written at the rate; each minute it is renamed, the one before is compressed, and all but the last
five are removed. Before that the daemon reads three hours of the same traffic: until then it learns its hosts and pairs, and
memory grows. Of the daemon: resident memory, open files, CPU of one core, size of the store, and how many lines
written are not yet in its totals. At the end its totals must be the lines written, exactly.
"""
import glob, gzip, json, os, random, shutil, signal, subprocess, sys, tempfile, threading, time

outflow = os.path.abspath(sys.argv[1])
minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 30
rate = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
FORMAT = "squid:%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt"

folder = tempfile.mkdtemp(prefix="outflow-soak-")
log, store = f"{folder}/access.log", f"{folder}/store"
random.seed(1)
# What follows the stamp, for 10,000 hosts and 50,000 destinations.
tails = []
for number in range(200_000):
    host, place = random.randrange(10_000), min(int(random.paretovariate(0.6)), 50_000)
    up = int(random.lognormvariate(6, 2))
    tails.append(
        f"     7 10.{host >> 8}.{host & 255}.9 TCP_MISS/200 {up * 7} {up} GET http://d{place}.example/p/{number} - HIER_DIRECT/203.0.113.9 text/html\n".encode()
    )

written = 0
done = threading.Event()


def past(hours=3):
    """All that is sent, once in each window of five minutes."""
    global written
    now = int(time.time())
    with open(log, "wb") as file:
        for window in range(now - hours * 3600, now, 300):
            stamp = f"{window}.000 ".encode()
            file.write(stamp + stamp.join(tails))
            written += len(tails)


def write():
    global written
    base = written
    begin, at, file, minute = time.time(), 0, open(log, "ab"), 0
    while not done.is_set():
        due = int((time.time() - begin) * rate) - (written - base)
        if due > 0:
            due = min(due, rate // 4)
            part = tails[at : at + due]
            at = (at + len(part)) % len(tails)
            stamp = f"{time.time():.3f} ".encode()
            file.write(stamp + stamp.join(part))
            file.flush()
            written += len(part)
        if int(time.time() - begin) // 60 > minute:
            minute += 1
            file.close()
            os.rename(log, f"{log}.{minute}")
            file = open(log, "ab")
            threading.Thread(target=tidy, args=(minute,)).start()
        time.sleep(0.02)
    file.close()


def tidy(minute):
    before = f"{log}.{minute - 1}"
    if os.path.exists(before):
        with open(before, "rb") as plain, gzip.open(f"{folder}/compressing", "wb", compresslevel=1) as packed:
            shutil.copyfileobj(plain, packed)
        os.rename(f"{folder}/compressing", f"{before}.gz")
        os.remove(before)
    for old in glob.glob(f"{log}.*.gz"):
        if int(old.split(".")[-2]) < minute - 5:
            os.remove(old)


def counted():
    out = subprocess.run([outflow, "volumes", "--store", store, "--json"], capture_output=True, text=True).stdout
    return sum(json.loads(line)["events"] for line in out.splitlines())


past()
daemon = subprocess.Popen(
    [outflow, "watch", "--format", FORMAT, "--store", store, f"{log}*"], stdout=open(f"{folder}/told", "wb"), stderr=open(f"{folder}/said", "wb")
)
while not os.path.exists(f"{store}/outflow.redb") or counted() < written:
    time.sleep(1)
writer = threading.Thread(target=write)
writer.start()
tick = os.sysconf("SC_CLK_TCK")


def cpu():
    fields = open(f"/proc/{daemon.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / tick


begin, last = time.time(), cpu()
print(f"{'min':>4} {'lines':>12} {'RSS MB':>7} {'files':>5} {'CPU %':>6} {'store MB':>8} {'behind':>9}", flush=True)
for minute in range(1, int(minutes) + 1):
    time.sleep(max(0, begin + 60 * minute - time.time()))
    rss = next(int(line.split()[1]) for line in open(f"/proc/{daemon.pid}/status") if line.startswith("VmRSS"))
    files, used = len(os.listdir(f"/proc/{daemon.pid}/fd")), cpu()
    size = os.path.getsize(f"{store}/outflow.redb") / 1e6
    lines = written
    print(f"{minute:4} {lines:12} {rss / 1024:7.0f} {files:5} {(used - last) / 0.6:6.1f} {size:8.0f} {lines - counted():9}", flush=True)
    last = used
done.set()
writer.join()
stopped, total = time.time(), written
while counted() < total and time.time() - stopped < 120:
    time.sleep(0.5)
print(f"written {total}, counted {counted()}, {time.time() - stopped:.1f} s after the last line")
daemon.send_signal(signal.SIGTERM)
print("ended with", daemon.wait(), "and said:", open(f"{folder}/said").read().strip() or "nothing")
shutil.rmtree(folder)
