"""Databases that tests run on: PostgreSQL from the system's packages, Spark in one process.

Import a fixture by name. Each server is started once a run, when it is first asked for, and is
stopped at the end; without its binaries the test is skipped with the reason, or fails where
SEGRULES_SERVERS=required.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

USER = "segrules"


class UnavailableError(Exception):
    """Why a server cannot be started here."""


def absent(reason: str) -> NoReturn:
    """Skips the test, or fails it where servers are said to be there (`.ci/run` says so)."""
    if os.environ.get("SEGRULES_SERVERS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


# ---- PostgreSQL


@pytest.fixture(scope="session")
def postgres_address() -> str:
    """The address of an empty database of a private cluster on the loopback."""
    try:
        return cluster()
    except UnavailableError as reason:
        absent(str(reason))


@cache
def cluster() -> str:
    """Starts the cluster in a folder of its own, on a free port.

    Its texts are ordered as in English, not by code points, as many real ones are.
    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="segrules-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    account = _account()
    if account is not None:
        shutil.chown(folder, account, account)
    data, port = folder / "data", _free_port()
    _as(
        account, folder, binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8",
        "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync",
    )  # fmt: skip
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
        "-c fsync=off -c timezone=America/New_York"
    )
    log = folder / "log"
    start = ("start", "-D", data, "-l", log, "-w", "-t", "60", "-o", settings)
    _as(account, folder, binaries / "pg_ctl", *start)
    stop = ("stop", "-D", data, "-m", "immediate", "-w")
    atexit.register(_as, account, folder, binaries / "pg_ctl", *stop)
    return f"postgresql://{USER}@127.0.0.1:{port}/postgres"


def _binaries() -> Path:
    """The folder of the newest version that is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
    )
    if found:
        return found[-1].parent
    if shutil.which("initdb") and shutil.which("pg_ctl"):
        return Path(str(shutil.which("initdb"))).parent
    raise UnavailableError("PostgreSQL is not installed (Debian package postgresql)")


def _account() -> str | None:
    """PostgreSQL refuses to run as root, so root hands it to the account of the package."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            __import__("pwd").getpwnam(name)
        except KeyError:
            continue
        return name
    raise UnavailableError("PostgreSQL does not run as root, and there is no other account")


def _as(account: str | None, folder: Path, *words: object) -> None:
    who = {"user": account, "group": account, "extra_groups": []} if account else {}
    command = list(map(str, words))
    done = subprocess.run(
        command, cwd=folder, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, **who,
    )  # type: ignore[call-overload]  # fmt: skip
    if done.returncode:
        raise UnavailableError(f"{Path(command[0]).name} failed: {done.stdout.strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- Spark


@pytest.fixture(scope="session")
def spark() -> Any:
    """A Spark session in local mode, as a cluster would be set up for these jobs."""
    try:
        return spark_session()
    except UnavailableError as reason:
        absent(str(reason))


@cache
def spark_session() -> Any:
    """ANSI mode stays on; Java compiles no method above 8000 bytes, so larger ones are split."""
    if importlib.util.find_spec("pyspark") is None:
        raise UnavailableError("pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UnavailableError("Java is not installed")
    folder = Path(tempfile.mkdtemp(prefix="segrules-spark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.sql.codegen.hugeMethodLimit": "8000",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
    }
    with warnings.catch_warnings():
        # what Spark says of the versions it was built with is not ours to mend
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").appName("segrules tests")
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    atexit.register(session.stop)
    return session
