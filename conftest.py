"""Settings that must stand before TensorFlow starts, for the tests and for the notebooks.

It lies at the top because pytest reads it there for both folders, tests/ and book/.
"""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as under nohup, cron and some CI
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests interrupt trainings

for name, value in {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # no log lines: nbval compares everything on stderr
    "TF_ENABLE_ONEDNN_OPTS": "0",  # one order of additions, and no line about it
    "TF_NUM_INTRAOP_THREADS": "1",  # the small kernels here do not gain from more
    "TF_NUM_INTEROP_THREADS": "2",
    "TQDM_DISABLE": "1",  # no progress bars
}.items():
    os.environ.setdefault(name, value)
