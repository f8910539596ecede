"""What a judgment consists of, cut into parts that can be done side by side.

Threads do it, not processes: a judge's training is one call into TensorFlow and a distance matrix one into
SciPy, and neither holds Python's lock, while a process would first import TensorFlow and trace every judge
anew. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import joblib
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from timegan_lib.config import whole_number
from timegan_lib.threads import threads_now

REFRESH = 1.0  # seconds until the bar shows that time goes by


@dataclass(frozen=True)
class Work:
    """Parts that know nothing of each other, and gather(results in their order) -> what they are for."""

    name: str
    parts: Sequence[Callable[[], Any]]
    gather: Callable[[list], Any]

    def alone(self, progress: bool = True) -> Any:
        """Do the parts one after another."""
        bar = tqdm(self.parts, self.name, disable=None if progress else True)
        return self.gather([part() for part in bar])


def single(name: str, call: Callable[[], Any]) -> Work:
    """Work of one part."""
    return Work(name, [call], lambda results: results[0])


def default_jobs() -> int:
    """As many as there are cores, but no more than the threads TensorFlow was given (`use_threads`)."""
    cores, threads = joblib.cpu_count(), threads_now()[1]
    return min(cores, threads) if threads else cores


def do_all(
    works: Sequence[tuple[str, Work]], jobs: int | None = None, progress: bool = True
) -> list[Any]:
    """What comes of (subject, work), in their order, `jobs` parts at a time (None: `default_jobs`).

    The results are the same whatever the number of jobs: a part's random numbers are its own, and linear
    algebra runs on one thread in each. The bar says what was begun last. Raises InputError.
    Taught in book/how-the-code-is-built.md.
    """
    jobs = default_jobs() if jobs is None else whole_number("jobs", jobs, 1)
    bar = tqdm(
        total=sum(len(work.parts) for _, work in works), desc="judging",
        disable=None if progress else True,
    )  # fmt: skip

    def begin(subject: str, work: Work, k: int) -> Any:
        bar.set_description(said(subject, work, k))
        return work.parts[k]()

    with bar, threadpool_limits(1), _pool(jobs) as pool:
        asked = [
            [pool.submit(begin, subject, work, k) for k in range(len(work.parts))]
            for subject, work in works
        ]
        _watch([future for futures in asked for future in futures], bar)
        return [
            work.gather([future.result() for future in futures])
            for (_, work), futures in zip(works, asked, strict=True)
        ]


def said(subject: str, work: Work, k: int) -> str:
    """What the bar says of part k."""
    number = f" {k + 1} of {len(work.parts)}" if len(work.parts) > 1 else ""
    return f"judging: {subject}, {work.name}{number}"


@contextmanager
def _pool(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads; after an error, or Ctrl-C, what has not begun is never begun."""
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _watch(pending: Sequence[Future], bar: tqdm) -> None:
    """Move the bar until all is done; the error of the first part that fails."""
    left = set(pending)
    while left:
        done, left = wait(left, timeout=REFRESH, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        bar.update(len(done)) if done else bar.refresh()
