"""The two diagrams say what the library does, and are what book/_scripts/diagram.py draws now."""

import pytest
from matplotlib.testing.compare import compare_images


@pytest.fixture(scope="module")
def diagram(scripts):
    return scripts("diagram")


def test_the_table_of_gradients_is_the_one_the_page_tells(diagram):
    reach = {(update, loss): marks for (_, update, loss), marks in diagram.reach().items()}
    both = {"embedder": "changed", "recovery": "changed"}
    assert reach == {
        ("embedder, recovery", "$L_R$"): both,  # in both phases
        ("supervisor", "$L_S$"): {"embedder": "passed", "supervisor": "changed"},
        ("generator, supervisor", "$U$"): {
            "generator": "changed", "supervisor": "changed", "discriminator": "passed",
        },
        ("generator, supervisor", "$U_e$"): {"generator": "changed", "discriminator": "passed"},
        ("generator, supervisor", "$L_S$"): {"embedder": "passed", "supervisor": "changed"},
        ("generator, supervisor", "$V$"): {
            "generator": "changed", "supervisor": "changed", "recovery": "passed",
        },
        ("embedder, recovery", "$L_S$"): {"embedder": "changed", "supervisor": "passed"},
        ("discriminator", "$L_D$"): {
            "embedder": "passed", "generator": "passed", "supervisor": "passed",
            "discriminator": "changed",
        },
    }  # fmt: skip


@pytest.mark.parametrize("name", ["networks-and-losses.png", "which-loss-reaches-what.png"])
def test_the_diagram_is_not_stale(diagram, name, tmp_path):
    diagram.PICTURES[name](tmp_path / name)
    difference = compare_images(str(diagram.STATIC / name), str(tmp_path / name), tol=5)
    assert difference is None, difference
