"""The room of our own kernel: GRU layers in C, half again as fast as TensorFlow's on a processor.

In: a batch of sequences and the weights of a stack. Out: its states, and the gradients of everything.
Read `gru.c`, which holds the formulas; `stack`, how Python calls it; `build`, how a compiler that is
there makes an operation of it. `networks/recurrent.py` asks here first, and has TensorFlow's kernels where
there is no compiler or a GPU. Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.kernel.build import SWITCH, Kernel, kernel
from timegan_lib.kernel.stack import gru_stack

__all__ = ["SWITCH", "Kernel", "gru_stack", "kernel"]
