"""What people run in a workspace, each as a function without outer names that fails when something is refused."""

# They work in a folder of their own, as a notebook does.
# ruff: noqa: PTH123, PTH202, SIM115

from __future__ import annotations

from typing import Any


def polars_tables() -> Any:
    import polars as pl

    frame = pl.DataFrame({"a": range(200_000), "b": [i % 7 for i in range(200_000)]})
    frame.write_parquet("x.parquet")
    frame.write_csv("x.csv")
    frame.write_ipc("x.ipc")
    assert pl.scan_parquet("x.parquet").group_by("b").agg(pl.col("a").sum()).collect(engine="streaming").height == 7
    assert pl.scan_csv("x.csv").filter(pl.col("a") > 10).collect().height == 199_989
    return pl.scan_ipc("x.ipc").collect().height == 200_000


def pandas_and_pyarrow() -> Any:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.dataset

    frame = pd.DataFrame({"a": range(10_000), "b": [i % 7 for i in range(10_000)]})
    frame.to_parquet("y.parquet")
    frame.to_csv("y.csv", index=False)
    frame.to_pickle("y.pickle")
    assert pd.read_parquet("y.parquet").groupby("b").a.sum().size == 7
    assert pa.memory_map("y.csv").read(3) == b"a,b"
    assert pyarrow.csv.read_csv("y.csv").num_rows == 10_000
    return pyarrow.dataset.dataset("y.parquet").to_table().num_rows == 10_000


def matplotlib_pictures() -> Any:
    import os

    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    pyplot.plot(range(5))
    for kind in ("png", "svg", "pdf"):
        pyplot.savefig(f"picture.{kind}")
    return os.path.getsize("picture.png") > 1000


def processes_and_threads() -> Any:
    import asyncio
    import concurrent.futures
    import multiprocessing
    import os
    import shutil
    import sqlite3
    from multiprocessing import shared_memory

    for method in ("fork", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(abs, [-1, 2]) == [1, 2]
    memory = shared_memory.SharedMemory(create=True, size=100)
    memory.close()
    memory.unlink()
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert list(threads.map(abs, range(-8, 0))) == list(range(8, 0, -1))
    with sqlite3.connect("a.sqlite") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t(a)")
    database.close()

    async def serve() -> int:
        child = await asyncio.create_subprocess_exec("true")
        for server in (
            await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0),
            await asyncio.start_unix_server(lambda r, w: w.close(), "/tmp/own"),
        ):
            server.close()
        return await child.wait()

    shutil.copytree("/usr/share/doc/bash", "copy")
    os.mkfifo("pipe")
    return asyncio.run(serve()) == 0


def shell() -> Any:
    import subprocess

    words = """set -e
    seq 1 10000 > a.txt; cp a.txt b.txt; cat a.txt > c.txt; diff a.txt c.txt; sort --parallel=2 a.txt | tail -1
    tar cf a.tar a.txt b.txt; tar xf a.tar; gzip -f c.txt; mv b.txt d.txt; touch d.txt; chmod 600 d.txt; ln -s d.txt e
    find . | wc -l; du -s .; df .; date; id; mktemp; head -c 10 /dev/urandom | od; timeout 2 sleep 0.1
    timeout 1 tail -f a.txt > /dev/null || test $? = 124
    python -m venv --without-pip v; v/bin/python3 -c 1 2>/dev/null || true"""
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return True


def terminal() -> Any:
    import ptyprocess

    process = ptyprocess.PtyProcessUnicode.spawn(["bash", "-i"])
    process.write("stty -a | head -1; echo $((40+2))x; exit\n")
    seen = ""
    try:
        while True:
            seen += process.read(4000)
    except EOFError:
        return "speed" in seen and "42x" in seen


def papermill_run() -> Any:
    import nbformat
    import papermill

    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
    cell = nbformat.v4.new_code_cell("print(40 + 2)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), "in.ipynb")
    done = papermill.execute_notebook("in.ipynb", "out.ipynb", progress_bar=False)
    return done.cells[0].outputs[0].text == "42\n"


def kernel_with_debugger() -> Any:
    import queue

    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()

    def ask(number: int, command: str, **arguments: object) -> Any:
        content = {"type": "request", "seq": number, "command": command, "arguments": arguments}
        client.control_channel.send(client.session.msg("debug_request", content))
        answer = client.get_control_msg(timeout=20)["content"]
        assert answer["success"], answer
        return answer.get("body")

    source = "def f(x):\n    y = x + 1\n    return y\nf(2)\n"
    ask(1, "initialize", clientID="t", adapterID="", pathFormat="path", linesStartAt1=True, columnsStartAt1=True)
    ask(2, "attach")
    path = ask(3, "dumpCell", code=source)["sourcePath"]
    ask(4, "setBreakpoints", breakpoints=[{"line": 2}], source={"path": path}, sourceModified=False)
    ask(5, "configurationDone")
    client.execute(source)
    stopped = None
    while stopped is None:
        try:
            message = client.get_iopub_msg(timeout=20)
        except queue.Empty:
            break
        if message["msg_type"] == "debug_event" and message["content"].get("event") == "stopped":
            stopped = message["content"]["body"]["threadId"]
    assert stopped is not None
    ask(6, "continue", threadId=stopped)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return True


def interrupted_kernel() -> Any:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    client.execute("import time; print('begun', flush=True); time.sleep(30)")
    while client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
        pass
    manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=20))["msg_type"] != "execute_reply":
        pass
    client.stop_channels()
    manager.shutdown_kernel()
    return reply["content"].get("ename") == "KeyboardInterrupt"


def jupyterlab() -> Any:
    import http.client
    import json
    import socket
    import subprocess
    import time

    words = ["--no-browser", "--ServerApp.sock=/tmp/lab.sock", "--IdentityProvider.token="]
    words += ["--ServerApp.disable_check_xsrf=True", "--ServerApp.allow_unauthenticated_access=True"]
    log = open("lab.log", "w")
    server = subprocess.Popen(["jupyter", "lab", *words], stdout=log, stderr=log)

    def ask(method: str, path: str, **body: object) -> int:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("/tmp/lab.sock")
            connection = http.client.HTTPConnection("localhost")
            connection.sock = s
            connection.request(method, path, body=json.dumps(body) if body else None)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    end = time.monotonic() + 30
    while True:
        try:
            seen = [ask("GET", "/lab")]
            break
        except OSError:
            assert time.monotonic() < end, open("lab.log").read()[-2000:]
            time.sleep(0.1)
    seen.append(ask("POST", "/api/terminals"))
    seen.append(ask("POST", "/api/kernels", name="python3"))
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    seen.append(ask("PUT", "/api/contents/new.ipynb", type="notebook", content=notebook))
    seen.append(ask("GET", "/api/contents"))
    server.terminate()
    assert server.wait(20) == 0, open("lab.log").read()[-2000:]
    return seen == [200, 200, 201, 201, 200]


PROGRAMS = (
    polars_tables,
    pandas_and_pyarrow,
    matplotlib_pictures,
    processes_and_threads,
    shell,
    terminal,
    papermill_run,
    kernel_with_debugger,
    interrupted_kernel,
    jupyterlab,
)
