"""What the scripts beside this share: the standard sets, outflow's arguments for them, and the measuring of a process."""
import datetime, os, pathlib, statistics, subprocess, sys, time
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
GIB = 1 << 30

# Apache's %I where the generator writes the bytes of the answer, and the clients as hosts: so the sums are those of the job.
FORMATS = {
    "squid": ["--format", "squid:%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st"],
    "combined": ["--role", "proxy", "--format", 'apache:%h %l %u %t "%r" %>s %I "%{Referer}i" "%{User-Agent}i"'],
    "zeek": ["--format", "zeek-conn"],
    "vpc": ["--format", "vpc-flow"],
    "eve": ["--format", "suricata-eve"],
    "zeekjson": ["--format", "zeek-conn"],
}


@dataclass
class Cost:
    cpu: float  # seconds, user and system, of the process and of what it waited for
    wall: float  # seconds
    memory: int  # most bytes resident; not less than this Python's, some 15 MB


def measure(command, core=None, source=None, output=os.devnull):
    """Runs a command on one core, where one is given, with what `source` writes, if anything, as its standard input."""
    feeder = subprocess.Popen(source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) if source else None
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    with open(output, "wb") as out:
        begin = time.monotonic()
        process = subprocess.Popen([*pinned, *map(str, command)], stdin=feeder.stdout if feeder else subprocess.DEVNULL, stdout=out)
        if feeder:
            feeder.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if feeder:
        feeder.wait()
    # scan says by 1 that it found something.
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}: ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)


def generator(folder):
    """The program that makes the sets, built where it is missing or old."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "--manifest-path", HERE / "gen/Cargo.toml", "--target-dir", folder / "gen"], check=True)
    return folder / "gen/release/gen"


def standard_set(folder, format, size):
    """The path of a set, generated if it is not there with this size."""
    path = folder / f"{format}.{size}.log"
    if not path.exists():
        part = path.with_suffix(".part")
        subprocess.run([generator(folder), format, str(size), part], check=True, stderr=subprocess.DEVNULL)
        part.rename(path)
    return path


def outflow_binary(given):
    """The path given, or the release build of this tree, built first."""
    if given:
        return pathlib.Path(given).resolve()
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=TREE, check=True)
    return TREE / "target/release/outflow"


def machine():
    """Date and machine, as they stand above a table."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown CPU")
    return f"{datetime.date.today():%-d %B %Y}, {os.cpu_count()} cores of {cpu}, load {os.getloadavg()[0]:.1f}"


median = statistics.median
