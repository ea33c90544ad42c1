"""The parent's side of an engine: something that answers `round` with a dictionary."""

import json
import math
import os
import subprocess
import tempfile
from pathlib import Path

from engine import SKIP_FRAME
from environments import Missing

HERE = Path(__file__).resolve().parent
# One simulation on one core is what is compared.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
ONE_THREAD = dict.fromkeys(THREADS, "1")


class WorkerClient:
    """A Python engine in its own process."""

    def __init__(self, python, engine, blocks):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(python), "-B", str(HERE / "worker.py"), engine, str(blocks)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, **ONE_THREAD},
        )

    def round(self, kind, min_seconds, actions):
        request = {"kind": kind, "min_seconds": min_seconds, "actions": str(actions)}
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.log.seek(0)
            lines = self.log.read().strip().splitlines() or ["no message"]
            raise Missing(f"the worker ended: {lines[-1]}")
        answer = json.loads(line)
        if "error" in answer:
            raise Missing(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


class BinaryClient:
    """Ours through the command line, one process a round, as many passes as fill the time."""

    def __init__(self, binary, blocks):
        self.binary, self.blocks = binary, blocks
        self.pass_seconds = {}

    def round(self, kind, min_seconds, actions):
        if kind not in self.pass_seconds:
            self.pass_seconds[kind] = self._bench(actions, 1)["seconds"]
        passes = max(1, math.ceil(min_seconds / self.pass_seconds[kind]))
        return self._bench(actions, passes)

    def _bench(self, actions, passes):
        command = [str(self.binary), "bench", "--actions", str(actions), "--family", "pushing"]
        command += ["--skip-frame", str(SKIP_FRAME), "--rounds", str(passes), "--json"]
        if self.blocks > 1:
            command += ["--blocks", str(self.blocks)]
        result = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}
        )
        if result.returncode:
            lines = result.stderr.strip().splitlines() or ["no message"]
            raise Missing(f"trifactor bench failed: {lines[-1]}")
        try:
            answer = json.loads(result.stdout)
            return {"contact_fraction": None, "tick_seconds": None, "build": None, **answer}
        except (json.JSONDecodeError, TypeError):
            raise Missing(f"trifactor bench --json printed {result.stdout[:80]!r}") from None

    def close(self):
        pass
