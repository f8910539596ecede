"""The column of times: every usual way of writing it is read, or refused in the words of the file."""

import datetime
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from timegan_lib import InputError, SequenceDataset
from timegan_lib.data.times import read_times

HOURS = pd.date_range("2024-10-26", periods=60, freq="h")
DAYS = pd.date_range("2024-01-29", periods=40)


def read(cells, **options):
    return read_times(pd.Series(list(cells)), "when", **options)


def data(times, length=4, **columns):
    frame = pd.DataFrame({"when": list(times), "x": np.arange(float(len(times))), **columns})
    return SequenceDataset.from_frame(frame, length=length, time="when")


def text(dates, form):
    return [date.strftime(form) for date in dates]


BERLIN = pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Berlin")
WAYS = {  # how they are written: (cells, the times they mean)
    "dates": (DAYS, DAYS),
    "iso text": (text(DAYS, "%Y-%m-%d"), DAYS),
    "iso with T and Z": (text(HOURS, "%Y-%m-%dT%H:%M:%S.000Z"), HOURS),
    "offsets across a clock change": ([str(t) for t in BERLIN], BERLIN.tz_convert(None)),
    "aware objects of two offsets": (
        [t.to_pydatetime() for t in BERLIN], BERLIN.tz_convert(None)
    ),
    "aware dtype": (BERLIN, BERLIN.tz_convert(None)),
    "midnight without a clock": (
        [str(t.date()) if t.hour == 0 else str(t) for t in HOURS], HOURS
    ),
    "fractions that come and go": (
        [t.isoformat(sep=" ") for t in pd.date_range("2024", periods=9, freq="500ms").to_pydatetime()],
        pd.date_range("2024", periods=9, freq="500ms"),
    ),
    "the hour 24": (["2024-01-01 23:00", "2024-01-01 24:00"], ["2024-01-01 23:00", "2024-01-02"]),
    "day first": (text(DAYS, "%d/%m/%Y"), DAYS),
    "month first": (text(DAYS, "%m/%d/%y"), DAYS),
    "dots": (text(HOURS, "%d.%m.%Y %H:%M"), HOURS),
    "dots, midnight without a clock": (
        [f"{t:%d.%m.%Y}" if t.hour == 0 else f"{t:%d.%m.%Y %H:%M}" for t in HOURS], HOURS
    ),
    "slashes and am": (text(HOURS, "%m/%d/%Y %I:%M %p"), HOURS),
    "names of months": (text(DAYS, "%d %b %Y"), DAYS),
    "as C writes it": (text(HOURS, "%a %b %d %H:%M:%S %Y"), HOURS),
    "digits": ([int(d) for d in text(DAYS, "%Y%m%d")], DAYS),
    "digits as text": (text(DAYS, "%Y%m%d"), DAYS),
    "dots and spaces": (text(DAYS, "%d. %m. %Y"), DAYS),
    "as cameras write": (text(HOURS, "%Y:%m:%d %H:%M:%S"), HOURS),
    "month and year": (["11.2023", "12.2023", "1.2024"], ["2023-11-01", "2023-12-01", "2024-01-01"]),
    "digits with an hour": ([int(t) for t in text(HOURS, "%Y%m%d%H")], HOURS),
    "months": (["2024-01", "2024-02"], ["2024-01-01", "2024-02-01"]),
    "weeks": (["2024-W01", "2024-W02"], ["2024-01-01", "2024-01-08"]),
    "quarters": (["2024Q1", "2024Q2"], ["2024-01-01", "2024-04-01"]),
    "quarters, year last": (["Q1 2024", "Q2 2024"], ["2024-01-01", "2024-04-01"]),
    "periods": (pd.period_range("2024-01", periods=3, freq="M"), ["2024-01", "2024-02", "2024-03"]),
    "period objects": (
        pd.Series(list(pd.period_range("2024-01", periods=2, freq="M")), dtype=object),
        ["2024-01-01", "2024-02-01"],
    ),
    "python dates": ([d.date() for d in DAYS], DAYS),
    "numpy dates": (list(DAYS.to_numpy()), DAYS),
    "dates among text": ([DAYS[0], "2024-01-30"], DAYS[:2]),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_way_of_writing_dates(way):
    cells, meant = WAYS[way]
    cells = cells if isinstance(cells, pd.Series) else pd.Series(list(cells))
    found = read_times(cells, "when", lambda t: float(not (t[1:] > t[:-1]).all()))
    np.testing.assert_array_equal(
        found.astype("datetime64[ns]"), pd.DatetimeIndex(meant).to_numpy("datetime64[ns]")
    )


def test_of_two_readings_the_evener_one_is_taken():
    hours = pd.date_range("2024-03-01", "2024-03-09", freq="h")
    assert lines(text(hours, "%d/%m/%Y %H:%M")) == []


def test_epochs_as_text_are_numbers():
    np.testing.assert_array_equal(read(["1704067200", "1704067260"]), [1704067200, 1704067260])
    np.testing.assert_array_equal(read(["0.5", "1.25"]), [0.5, 1.25])


def test_clock_times_are_spans_of_time():
    hours = np.array([9, 10, 11], "timedelta64[h]")
    for cells in (
        ["9:00", "10:00", "11:00"], ["09:00:00", "10:00:00.0", "11:00"],
        ["9:00 am", "10:00 AM", "11:00 a.m."], [datetime.time(h) for h in (9, 10, 11)],
    ):  # fmt: skip
        np.testing.assert_array_equal(read(cells), hours)
    np.testing.assert_array_equal(
        read(["23:30", "24:30", "100:00"]) / hours[:1], [23.5 / 9, 24.5 / 9, 100 / 9]
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([f"{(20 + h) % 24:02}:00" for h in range(9)], "out of order at 00:00; a clock begins anew at"),
        (["2024-01-01 01:00+01:00", "2024-01-01 02:00"], r"'2024-01-01 01:00\+01:00'.* have none"),
        (["13/01/2024", "01/14/2024"], "'13/01/2024' has the day first and '01/14/2024' the month"),
        (["2024-01-01", "2024-13-01", "soon"], "2 of 3 values cannot be read .*'2024-13-01', 'soon'"),
        (["24-Jan", "24-Feb"], "2 of 2 values cannot be read"),
        (["2024-01-01", " "], "1 rows have no time"),
        ([1.0, np.inf], "holds infinite numbers"),
        (["may", "june"], "2 of 2 values cannot be read"),
        (["2024-01-02", "2024-01-01", "2024-01-03"], "out of order at 2024-01-01;"),
        (["2024-01-01", "2024-01-01"], "repeats 2024-01-01; drop the duplicates"),
        ([3, 1, 2], "out of order at 1;"),
        (
            [str(t)[:19] for t in BERLIN],
            "repeats 2024-10-27 02:00:00; where the clock was set back, give the times in UTC",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_the_words_of_the_file(cells, said):
    with pytest.raises(InputError, match=said) as caught:
        data(cells, length=2)
    assert "\n" not in str(caught.value)


# ---- uneven time ----


def lines(times):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data(times)
    return [str(warning.message) for warning in caught]


EVEN = {
    "hours": HOURS,
    "days": DAYS,
    "a market of another place": pd.bdate_range("2024-01-15", periods=60, tz="Asia/Tokyo"),
    "a market that closes at four": pd.bdate_range("2024-01-15", periods=60) + pd.Timedelta("16h"),
    "six days a week": pd.date_range("2024-01-01", periods=60)[np.arange(60) % 7 < 6],
    "every four weeks": pd.date_range("2020", periods=40, freq="28D"),
    "trading days, with holidays": pd.bdate_range("2024-01-01", periods=60).delete([4, 20, 21]),
    "months": pd.date_range("2024-01-31", periods=30, freq="ME"),
    "quarters": pd.date_range("2024-01-01", periods=30, freq="QS"),
    "years": pd.date_range("2000-01-01", periods=30, freq="YS"),
    "days of a place that sets its clock": pd.date_range(
        "2024-10-20", periods=20, tz="Europe/Berlin"
    ),
    "seconds that tremble": DAYS[0]
    + pd.to_timedelta(np.arange(60) * 10 + np.tile([0, 0.3], 30), "s"),
    "numbers": np.arange(60),
    "digits": [int(d) for d in text(DAYS, "%Y%m%d")],
    "backward": None,
}


@pytest.mark.parametrize("case", [case for case in EVEN if EVEN[case] is not None])
def test_even_time_says_nothing(case):
    assert lines(EVEN[case]) == []


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (
            HOURS.delete([7, 8, 30]),
            r"2 of 56 steps are not the usual 1 h, about 3 rows are missing",
        ),
        (
            HOURS[np.sort(np.random.default_rng(0).choice(60, 40, replace=False))],
            "not the usual 1 h",
        ),
        (DAYS.delete(5), "1 of 38 steps are not the usual 1 day, about 1 rows"),
        (pd.date_range("2024", periods=30, freq="MS").delete(9), "the usual 1 month, about 1 rows"),
        (np.delete(np.arange(60) * 0.5, 9), r"1 of 58 steps are not the usual 0\.5, about 1 rows"),
        (np.cumsum(np.random.default_rng(0).pareto(1, 60)), "is uneven, steps run from"),
        (pd.bdate_range("2024-01-01", periods=60).delete(range(4, 20)), "the usual 1 trading day"),
    ],
)
def test_uneven_time_is_said(times, said):
    (line,) = lines(times)
    assert re.search(said, line), line
