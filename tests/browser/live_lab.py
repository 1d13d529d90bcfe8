"""A real JupyterLab for the tests: on a free port of the loopback, with nothing of the user's own."""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

LIB = Path(__file__).resolve().parents[2] / "lib"


@contextmanager
def jupyterlab(folder, state, settings=None):
    """JupyterLab on `folder`, without token; yields its address. state: an empty folder for what it writes.

    settings: the folder that holds labconfig/, given to it as run.py lab does.
    """
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
    own = {name: str(state / name) for name in (*homes, "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")}
    env = {**os.environ, **own, "PYTHONPATH": str(LIB), "JUPYTER_CONFIG_PATH": str(settings or "")}
    env.pop("GRADBOOK_STATIC", None)  # the switch of the book build: here the figures are live
    options = ["--no-browser", "--port=0", "--ServerApp.ip=127.0.0.1", "--ServerApp.allow_root=True"]
    options += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
    options += ["--LabApp.expose_app_in_browser=True"]
    log = state / "lab.log"
    with log.open("w") as stream:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, env=env, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + 90
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/lab", log.read_text())):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()  # its kernels notice and end too
            server.wait()
