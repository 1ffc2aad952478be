"""When garbage is collected: in a child process, since the collector is one for all."""

from __future__ import annotations

import os
import subprocess
import sys

CHILD = """
import gc, weakref
from jupyter_stream_chat.server.gc_tuning import OLDEST_THRESHOLD, GcTuning, collections_paused

class Node: pass

def garbage():
    node = Node()
    node.itself = node
    return weakref.ref(node)

before = gc.get_threshold()
with collections_paused():
    assert not gc.isenabled()
    dead = garbage()
assert gc.isenabled()
assert gc.get_threshold() == before
assert gc.get_freeze_count() == 0
gc.collect()
assert dead() is None, "what became garbage while modules loaded is freed"

gc.disable()
with collections_paused():
    pass
assert not gc.isenabled(), "the host had switched it off"
gc.enable()

tuning = GcTuning()
for _ in range(3):
    tuning.stream()
    tuning.stream()
    assert gc.get_threshold()[2] == OLDEST_THRESHOLD
    dead = garbage()
    tuning.restore()
    tuning.restore()
    assert gc.get_threshold() == before
gc.collect()
assert dead() is None
tuning.stream()
gc.set_threshold(5, 6, 7)
tuning.restore()
assert gc.get_threshold() == (5, 6, 7), "somebody else's choice stays"
"""


def test_what_is_tuned_is_put_back_and_no_garbage_stays() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, env=environment, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
