"""Random interfaces in kernel Python: valid, typed, and full of edges.

- :mod:`scope`: what a handler can name, and the random choices; :mod:`types`: the types an interface uses;
- :mod:`expressions`, :mod:`statements`: what handlers do; :mod:`interface`: whole classes; :mod:`values`: arguments.

Everything is drawn from a :class:`random.Random`, so that a seed names a program; hypothesis gives one whose
choices it can shrink.
"""

from landbridge.testing.generated.interface import GeneratedInterface, generate_interface
from landbridge.testing.generated.values import random_value

__all__ = ["GeneratedInterface", "generate_interface", "random_value"]
