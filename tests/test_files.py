"""What a command writes goes where it was told and nowhere else: links, pipes, devices, standard output."""

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT, tiny_model

from timegan_lib import InputError
from timegan_lib.cli import main
from timegan_lib.files import is_stream, read_arrays, write_arrays, write_text


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "m.timegan"
    tiny_model(layers=1).save(path)
    return str(path)


# `timegan_lib.files` in a new process, without the rest of the library and its seconds of TensorFlow
ALONE = "import sys, types\nfrom pathlib import Path\nlibrary = types.ModuleType('timegan_lib')\n"
ALONE += "library.__path__ = ['timegan_lib']\nsys.modules['timegan_lib'] = library\n"
ALONE += "from timegan_lib.files import write_text\n"


def sampled(model, out):
    return main(["sample", model, "-n", "3", "--out", str(out)])


def test_a_link_stays_a_link(model, tmp_path):
    (tmp_path / "there").mkdir()
    for target in ("old.csv", "there/new.csv"):
        (tmp_path / "old.csv").write_text("old")
        link = tmp_path / f"link to {os.path.basename(target)}"
        link.symlink_to(target)
        (tmp_path / "second link").unlink(missing_ok=True)
        (tmp_path / "second link").symlink_to(link.name)
        assert sampled(model, tmp_path / "second link") == 0
        assert link.is_symlink() and (tmp_path / "second link").is_symlink()
        assert len(pd.read_csv(tmp_path / target)) == 18
    assert not list(tmp_path.rglob(".*"))


def test_links_that_lead_nowhere_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match=r"cannot write .*too many links"):
        write_text(tmp_path / "a", "text")
    with pytest.raises(InputError, match="it is a folder"):
        write_text(tmp_path, "text")


def test_a_pipe_gets_the_bytes(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    found = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert is_stream(tmp_path / "pipe") and sampled(model, tmp_path / "pipe") == 0
    reader.join(10)
    assert len(pd.read_csv(io.StringIO(found[0]))) == 18
    assert (tmp_path / "pipe").is_fifo()


def test_a_device_stays_a_device(tmp_path):
    """A link to one, so that a fault costs the link only."""
    (tmp_path / "null").symlink_to(os.devnull)
    write_text(tmp_path / "null", "text")
    write_arrays(tmp_path / "null", {"a": np.ones(3)})
    assert (tmp_path / "null").is_symlink() and is_stream(tmp_path / "null")
    assert not os.path.isfile(os.devnull) and os.path.exists(os.devnull)


def test_a_dash_is_standard_output(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert sampled(model, "-") == 0
    said = capsys.readouterr()
    assert len(pd.read_csv(io.StringIO(said.out))) == 18  # the table alone
    assert "3 sequences" in said.err and not list(tmp_path.iterdir())


@pytest.mark.parametrize("kept", ["", "kept\n"])
def test_the_descriptor_of_standard_output_is_written_to(tmp_path, kept):
    """`--out /dev/stdout >> log` adds to the log; a link to the descriptor is no file to replace."""
    (tmp_path / "log").write_text(kept)
    (tmp_path / "out").symlink_to("/dev/stdout")
    code = ALONE + "write_text(Path(sys.argv[1]), 'made\\n')"
    for out in ("/dev/stdout", tmp_path / "out"):
        with open(tmp_path / "log", "a") as log:
            command = [sys.executable, "-c", code, out]
            assert subprocess.run(command, stdout=log, cwd=ROOT).returncode == 0
    assert (tmp_path / "log").read_text() == kept + "made\nmade\n"
    assert os.readlink(tmp_path / "out") == "/dev/stdout"


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    code = ALONE + "write_text(Path('-'), 'row\\n' * 100_000)"
    command = f'{sys.executable} -c "{code}" | head -1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "row\n" and not done.stderr


def test_a_file_keeps_its_mode(tmp_path):
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o640)
    write_text(tmp_path / "f", "new")
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "f").read_text() == "new" and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_name_that_says_packed_is_packed(tmp_path, suffix):
    write_text(tmp_path / f"t.csv.{suffix}", "a\n1\n")
    assert pd.read_csv(tmp_path / f"t.csv.{suffix}")["a"].tolist() == [1]


def test_arrays_come_back(tmp_path):
    write_arrays(tmp_path / "a.npz", {"x": np.arange(3)})
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npz")["x"], [0, 1, 2])


def test_ctrl_c_while_a_file_is_packed_is_ctrl_c(tmp_path, monkeypatch):
    def compressobj(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zlib.compressobj", compressobj)
    with pytest.raises(KeyboardInterrupt):
        write_arrays(tmp_path / "a.npz", {"a": np.zeros(3)})
    assert not list(tmp_path.iterdir())
