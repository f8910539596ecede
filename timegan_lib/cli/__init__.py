"""Learn to make time series like your own, and make as many as you like.

timegan train my.csv --out runs/mine --time date      learn; the same line goes on after a stop
timegan sweep my.csv --out runs --seeds 0-4           learn several times: seeds, settings, tables
timegan sample runs/mine --out synthetic.csv -n 500   make new sequences
timegan evaluate runs/mine --real my.csv --time date  say whether they can be used
timegan index runs                                    score every run below a folder
timegan export-js runs/mine mine.js                   write the model for a web page
timegan info runs/mine                                say what is in a run, a model or a data set

Read `options` (what may stand on the line), `tables` (the data it names), then `commands` and
`sweeping` (what is done with it).
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import os
import shlex
import sys
import warnings

import joblib

from timegan_lib.cli import commands
from timegan_lib.cli.options import parse
from timegan_lib.config import InputError
from timegan_lib.threads import use_threads
from timegan_lib.training import TrainingError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (training failed), 2 (bad input), 130 (Ctrl-C)."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # the small kernels do not gain from more
    arguments = sys.argv[1:] if arguments is None else arguments
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            options = parse(arguments)
            # a training has work for two; judges are trained side by side, as many as there are cores
            side_by_side = max(2, joblib.cpu_count()) if options.command == "evaluate" else 2
            os.environ.setdefault("TF_NUM_INTEROP_THREADS", str(side_by_side))
            if getattr(options, "threads", None) is not None:
                use_threads(options.threads)
            run = getattr(commands, options.command.replace("-", "_"))
            run(options, "timegan " + shlex.join(arguments))
        except (InputError, OSError) as error:
            return _stop(error, 2)
        except TrainingError as error:
            return _stop(error, 1)
        except KeyboardInterrupt as stop:
            return _stop(str(stop) or "stopped", 130)
    return 0


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    _say(f"warning: {message}")


def _stop(reason: object, code: int) -> int:
    _say(str(reason))
    return code


def _say(text: str) -> None:
    """One line on stderr, whatever the text."""
    print("timegan: " + " ".join(text.split()), file=sys.stderr)
