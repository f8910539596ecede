"""The column that orders the rows: dates in the usual ways of writing them, clock times, or numbers.

`read_times` makes of it one array that can be compared; `check_order` and `unevenness` say what is wrong
with it, in the words of the file. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from timegan_lib.config import InputError
from timegan_lib.data.columns import Label
from timegan_lib.messages import warn

Moments = NDArray[Any]  # datetime64, timedelta64 or numbers

CLOCK = r"\d{1,3}:\d{2}(:\d{2}([.,]\d+)?)?\s*([ap]\.?m\.?)?"  # 23:00, 23:00:30.5, 11 pm
OFFSET = (
    r".*(\d:\d\d|T\d{4})[\d:.,]*\s*(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)"  # a clock, then Z or +02:00
)
# 13.03.2024 or 3/13/24, in whose order?
DAY_MONTH = r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})(?!\d)(.*)"
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
WRITTEN = rf".*(\d{{4}}|\d.*{MONTH}.*\d|{MONTH}.*\d\D+\d).*"  # else it is no date
DIGITS = {8: "%Y%m%d", 6: "%Y%m", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # 20240131
QUARTER = r"\d{4}[ -]?Q[1-4]|Q[1-4][ -]?\d{4}"  # 2024Q1, Q1 2024
ADVICE = "write dates as 2024-01-31 or 2024-01-31 12:00, or name a column of numbers"


def read_times(
    series: pd.Series, time: Label, disorder: Callable[[Moments], float] = lambda _: 0.0
) -> Moments:
    """(rows,) times that can be compared, in UTC where an offset is given.

    disorder: how far an array is from even steps. Where a date can be read in two ways (day or month
    first), the way with less of it is taken. Raises InputError with the values that cannot be read.
    """
    if missing := int(series.isna().sum()):
        raise InputError(f"time={time!r}: {missing} rows have no time; fill or drop them")
    types = pd.api.types
    if isinstance(series.dtype, pd.PeriodDtype):
        return series.dt.to_timestamp().to_numpy()
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert(None).to_numpy()
    if series.dtype.kind in "mM" and isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    if types.is_numeric_dtype(series):
        return _number_times(series)
    cells = series.astype(object)
    if all(isinstance(cell, str) for cell in cells):
        return _text_times(cells.str.strip(), time, disorder)
    return _object_times(cells, time, disorder)


def check_order(
    moments: Moments, written: pd.Series, codes: NDArray[np.int64], labels: NDArray[Any],
    time: Label, group: Label | None,
) -> None:  # fmt: skip
    """Each group's times increase. All of them decreasing is warned about and left as it is."""
    inside = codes[1:] == codes[:-1]
    before, after = moments[:-1], moments[1:]
    if inside.any() and np.all(after[inside] < before[inside]):
        warn(f"time={time!r} runs backward and is left so; sort the frame by it to learn forward")
        return
    wrong = np.flatnonzero(inside & ~(after > before))
    if not len(wrong):
        return
    row = int(wrong[0])
    twice = bool(after[row] == before[row])
    cell = written.iloc[row + 1]
    shown = cell if isinstance(cell, int | float | np.number) else f"{cell}"
    what = "repeats" if twice else "is out of order at"
    where = "" if group is None else f" in group {labels[codes[row]]!r}"
    remedy = "drop the duplicates" if twice else "sort the frame by it"
    if moments.dtype.kind == "m" and not twice:
        remedy = "a clock begins anew at midnight: put the day into the column, or give time=[day, clock]"
    elif _clock_set_back(moments, wrong):
        remedy = "where the clock was set back, give the times in UTC or with their offset (+02:00)"
    if group is None:
        remedy += ", or name the column that tells series apart in group="
    raise InputError(f"time={time!r} {what} {shown}{where}; {remedy}")


def unevenness(moments: Moments, codes: NDArray[np.int64], time: Label) -> str | None:
    """A line on steps of time that are not the usual one, or None where all are alike.

    Days without weekends count as trading days, months as months of any length.
    """
    inside = codes[1:] == codes[:-1]
    if inside.sum() < 3:
        return None
    steps, unit = next(
        (way for way in _steps(moments, inside) if np.ptp(way[0]) == 0),
        list(_steps(moments, inside))[-1],
    )
    if (steps < 0).all():
        steps = -steps
    usual = float(np.median(steps))
    slack = 1 / 24 if unit == "day" and usual >= 1 else 0.0  # a day in which the clock is set
    slack = 5.0 if unit == "trading day" else max(slack, 0.1 * usual)  # holidays
    odd = np.abs(steps - usual) > slack
    if not odd.any():
        return None
    if odd.mean() > 0.5:
        first, last = (_length(x, unit) for x in (steps.min(), steps.max()))
        return (
            f"time={time!r} is uneven, steps run from {first} to {last}: rows are learned in their "
            "order, without the time between them; make that time a column, or resample"
        )
    absent = int(np.rint(steps[odd] / usual - 1).clip(0).sum())
    lacking = f", about {absent:,} rows are missing" if 0 < absent <= len(steps) else ""
    return (
        f"time={time!r}: {odd.sum():,} of {len(steps):,} steps are not the usual {_length(usual, unit)}"
        f"{lacking}; windows run across them as if nothing lacked (pandas asfreq puts in empty rows)"
    )


def calendar(start: Any, freq: Any, count: int, steps: int) -> NDArray[np.datetime64]:
    """(count, steps) dates from `start` on, one for all sequences or one for each, every `freq`."""
    if start is None or freq is None:
        raise InputError(f"start={start!r} and freq={freq!r} go together; give both")
    for cell in np.atleast_1d(np.asarray(start, dtype=object)):
        if isinstance(cell, str) and re.fullmatch(DAY_MONTH, cell.strip()):
            raise InputError(
                f"start={cell!r} may have the day or the month first; write it as 2030-01-31"
            )
    try:
        one = np.ndim(start) == 0
        begins = [pd.Timestamp(start)] if one else [pd.Timestamp(cell) for cell in start]
        rows = [pd.date_range(begin, periods=steps, freq=freq) for begin in begins]
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"start={start!r}, freq={freq!r}: {error!s:.80}; write start as 2030-01-31 or 2030-01-31 12:00 and freq "
            "as h, D, B (working days), 15min or MS (months)"
        ) from None
    if any(steps > 1 and row[-1] <= row[0] for row in rows):
        raise InputError(f"freq={freq!r} does not go forward")
    if any(begin is pd.NaT or begin.tz is not None for begin in begins):
        raise InputError(f"start={start!r} must be a date without an offset from UTC")
    if len(rows) not in (1, count):
        raise InputError(
            f"start has {len(rows)} dates for {count} sequences; give one, or one for each"
        )
    return np.broadcast_to(np.stack([row.to_numpy() for row in rows]), (count, steps))


# ---- how times are written ----


def _number_times(series: pd.Series) -> Moments:
    """Numbers as they are; whole numbers such as 20240131 as dates."""
    numbers = series.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise InputError(f"time={series.name!r} holds infinite numbers; fix or drop them")
    if np.all(numbers == np.rint(numbers)) and np.all(np.abs(numbers) < 2**53):
        text = pd.Series(numbers.astype(np.int64)).astype(str)
        digits = int(text.str.len().iloc[0])
        if digits in DIGITS and (text.str.len() == digits).all():
            dates = pd.to_datetime(text, format=DIGITS[digits], errors="coerce")
            if dates.notna().all() and dates.dt.year.between(1800, 2200).all():
                return dates.to_numpy()
        return numbers.astype(np.int64)
    return numbers


def _text_times(text: pd.Series, time: Label, disorder: Callable[[Moments], float]) -> Moments:
    if empty := int((text == "").sum()):
        raise InputError(f"time={time!r}: {empty} rows have no time; fill or drop them")
    if text.str.fullmatch(r"\d{1,2}[./-]\d{4}").all():  # 01.2021: a month
        text = text.str.replace(r"(\d+)\D(\d+)", r"\2-\1", regex=True)
        text = text.str.replace(r"-(\d)$", r"-0\1", regex=True)
    text = text.str.replace(
        r"^(\d{4}):(\d\d):(\d\d) ", r"\1-\2-\3 ", regex=True
    )  # as cameras write
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().all():
        return _number_times(numbers.rename(time))
    if text.str.fullmatch(CLOCK, case=False).all():
        return _clock_times(text)
    offsets = text.str.fullmatch(OFFSET)
    if offsets.any() and not offsets.all():
        raise InputError(
            f"time={time!r}: some times have an offset from UTC ({text[offsets].iloc[0]!r}) and some "
            f"have none ({text[~offsets].iloc[0]!r}); give it to all, or to none"
        )
    late = text.str.contains(r"[T ]24:00(?::00)?$")  # the end of a day is the beginning of the next
    text = text.str.replace(r"([T ])24:00(?::00)?$", r"\g<1>00:00", regex=True)
    ways = [text]
    if text.str.fullmatch(DAY_MONTH).all():
        ways = _as_iso(text, time)
    elif text.str.fullmatch(r"\d{4}-?W\d{2}").all():
        weeks = text.str.replace("-", "") + "-1"
        return pd.to_datetime(weeks, format="%GW%V-%u").to_numpy()
    elif text.str.fullmatch(QUARTER, case=False).all():
        years, quarters = text.str.extract(r"(\d{4})")[0], text.str.extract(r"(?i)Q([1-4])")[0]
        return pd.PeriodIndex(years + "Q" + quarters, freq="Q").to_timestamp().to_numpy()
    found = [
        _parse(way, time, text) + late.astype(int).to_numpy() * np.timedelta64(1, "D")
        for way in ways
    ]
    return min(found, key=disorder)


def _object_times(cells: pd.Series, time: Label, disorder: Callable[[Moments], float]) -> Moments:
    """Objects of Python: dates, clock times, periods, numbers, or a mixture with text."""
    if all(isinstance(cell, datetime.time) for cell in cells):
        return _clock_times(cells.map(lambda cell: cell.replace(tzinfo=None).isoformat()))
    if all(isinstance(cell, pd.Period) for cell in cells):
        return pd.to_datetime([cell.to_timestamp() for cell in cells]).to_numpy()
    if all(isinstance(cell, datetime.timedelta | np.timedelta64) for cell in cells):
        return pd.to_timedelta(cells).to_numpy()
    dates = (datetime.date, np.datetime64)
    text = cells.map(lambda cell: str(pd.Timestamp(cell)) if isinstance(cell, dates) else str(cell))
    return _text_times(text.str.strip(), time, disorder)


def _clock_times(text: pd.Series) -> Moments:
    """The time since midnight, or since the start for a clock that goes beyond 24 hours."""
    if text.str.contains("m", case=False).any():
        tidy = text.str.replace(".", "").str.replace(" ", "").str.upper()
        return (
            pd.to_datetime("2000-01-01 " + tidy, format="mixed") - pd.Timestamp(2000, 1, 1)
        ).to_numpy()
    tidy = text.str.replace(",", ".")
    tidy = tidy.where(tidy.str.count(":") == 2, tidy + ":00")
    return pd.to_timedelta(tidy).to_numpy()


def _as_iso(text: pd.Series, time: Label) -> list[pd.Series]:
    """Dates with the year last, as year-month-day; two ways where either number may be the month."""
    parts = text.str.extract(DAY_MONTH)
    first, second = parts[0].astype(int), parts[2].astype(int)
    if (first > 12).any() and (second > 12).any():
        raise InputError(
            f"time={time!r}: {text[first > 12].iloc[0]!r} has the day first and "
            f"{text[second > 12].iloc[0]!r} the month; {ADVICE}"
        )
    year = parts[3].astype(int)
    year += np.where(parts[3].str.len() > 2, 0, np.where(year < 69, 2000, 1900))
    rest = (
        parts[4]
        .str.replace(r"^,?\s*(\d):", r" 0\1:", regex=True)
        .str.replace(r"^,\s*", " ", regex=True)
    )

    def way(day: pd.Series, month: pd.Series) -> pd.Series:
        y, m, d = year.astype(str), month.astype(str).str.zfill(2), day.astype(str).str.zfill(2)
        return y + "-" + m + "-" + d + rest

    ways = [way(second, first), way(first, second)]
    if (parts[1] == ".").any():
        ways = ways[::-1]
    if (first > 12).any():
        return [way(first, second)]
    return [way(second, first)] if (second > 12).any() else ways


def _parse(iso: pd.Series, time: Label, written: pd.Series) -> Moments:
    """Text to UTC dates: as ISO 8601, which may leave out the clock at midnight, else one by one."""
    try:
        dates = pd.to_datetime(iso, format="ISO8601", utc=True)
    except (ValueError, OverflowError):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            dates = pd.to_datetime(iso, format="mixed", errors="coerce", utc=True)
            other = pd.to_datetime(iso, format="mixed", errors="coerce", utc=True, dayfirst=True)
        unread = dates.isna() | (dates != other) | ~iso.str.fullmatch(WRITTEN, case=False)
        if unread.any():
            examples = ", ".join(map(repr, written[unread].unique()[:3]))
            raise InputError(
                f"time={time!r} is neither numbers nor dates: {unread.sum():,} of {len(iso):,} values "
                f"cannot be read (such as {examples}); {ADVICE}"
            ) from None
    return dates.dt.tz_convert(None).to_numpy()


# ---- what is wrong with them ----


def _clock_set_back(moments: Moments, wrong: NDArray[np.int64]) -> bool:
    """Whether times go wrong as a local clock does in autumn: by an hour or less, in a night, rarely."""
    if moments.dtype.kind != "M" or len(wrong) > 2 + len(moments) / 1000:
        return False
    back, at = moments[wrong] - moments[wrong + 1], pd.DatetimeIndex(moments[wrong + 1])
    return bool(
        (back <= np.timedelta64(1, "h")).all() and (at.hour < 4).all() and len(moments) > 24
    )


def _steps(
    moments: Moments, inside: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.float64], str]]:
    """The steps from row to row and their unit, in one way after another of counting them."""
    if moments.dtype.kind not in "mM":
        yield np.diff(moments.astype(np.float64))[inside], ""
        return
    days = np.diff(moments)[inside] / np.timedelta64(1, "D")
    yield days, "day"
    usual = abs(float(np.median(days)))
    if moments.dtype.kind == "m" or usual < 0.9:
        return
    dates = pd.DatetimeIndex(moments)
    if usual >= 28:
        months = dates.year.to_numpy() * 12 + dates.month.to_numpy()
        yield np.diff(months).astype(np.float64)[inside], "month"
    clock = (dates - dates.normalize()).to_numpy()
    day = (dates - np.median(clock.astype(np.int64)).astype(clock.dtype)).round("D")
    late = np.abs(dates - day - np.median(clock.astype(np.int64)).astype(clock.dtype))
    weekdays = np.bincount(day.day_of_week, minlength=7) > 0
    if round(usual) == 1 and not weekdays.all() and (late <= np.timedelta64(1, "h")).all():
        date = day.to_numpy().astype("datetime64[D]")
        counted = np.busday_count(date[:-1], date[1:], weekmask=weekdays.tolist())
        yield counted.astype(np.float64)[inside], "trading day"


def _length(step: float, unit: str) -> str:
    """A step in words: 3 h, 1 day, 2 months, 0.5."""
    if unit != "day":
        return f"{step:g} {unit}{'s' if step != 1 and unit else ''}".strip()
    for name, size in (("day", 1.0), ("h", 1 / 24), ("min", 1 / 1440), ("s", 1 / 86400)):
        if step >= 0.999 * size:
            amount = step / size
            return f"{amount:.3g} {name}{'s' if name == 'day' and round(amount, 2) != 1 else ''}"
    return f"{step * 86400:.3g} s"
