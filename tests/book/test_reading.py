"""Pages show the lines that run."""

from timegan_lib.networks import RecurrentNetwork
from timegan_lib.networks.losses import root
from timegan_lib.reading import code_of


def test_the_lines_of_a_function_without_its_docstring():
    assert code_of(root) == (
        "def root(loss) -> tf.Tensor:\n    return tf.sqrt(tf.maximum(loss, SMALLEST))"
    )


def test_methods_lose_their_indent_and_classes_their_docstring():
    assert code_of(RecurrentNetwork.__call__).startswith("def __call__(\n    self, x")
    found = code_of(RecurrentNetwork)
    assert found.startswith("class RecurrentNetwork:\n    def __init__(")
    assert '"""' not in found
