"""When garbage is looked for: in a child process, since the collector is one for all."""

from __future__ import annotations

import os
import subprocess
import sys

CHILD = """
import asyncio, gc
from jupyter_stream_chat.server import gc_tuning

gc_tuning.REST_SECONDS = 0.01
with gc_tuning.collections_paused():
    assert not gc.isenabled()
assert gc.isenabled()
assert gc.get_threshold()[2] == gc_tuning.OLDEST_THRESHOLD

async def main():
    streaming = True
    looks = []
    gc.callbacks.append(lambda phase, info: looks.append(info["generation"]) if phase == "stop" else None)
    watch = gc_tuning.GcTuning(lambda: streaming)

    async def end_a_run():
        watch.run_ended()
        while watch._timer is not None:
            await asyncio.sleep(0.005)

    await end_a_run()
    assert 2 not in looks, "nothing has gathered"
    for _ in range(gc_tuning.IDLE_THRESHOLD):
        gc.collect(1)
    await end_a_run()
    assert 2 not in looks, "an answer streams"
    streaming = False
    watch.run_ended()
    watch.close()
    await asyncio.sleep(0.05)
    assert 2 not in looks, "the server ends"

    watch = gc_tuning.GcTuning(lambda: streaming)
    await end_a_run()
    assert looks.count(2) == 1
    await end_a_run()
    assert looks.count(2) == 1, "it is not time again"

asyncio.run(main())
"""


def test_all_is_looked_at_when_nothing_streams_and_it_is_time() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, env=environment, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
