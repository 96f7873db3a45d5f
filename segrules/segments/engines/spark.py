"""Parquet on Spark: in this process, on a cluster, or on a remote server, as Spark is set up.

The session is the active one, or one made from Spark's own settings (`spark-defaults.conf`,
`SPARK_REMOTE`, `PYSPARK_SUBMIT_ARGS`); only what answers depend on is set here.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from sqlglot import exp

from segrules.segments.engines.addresses import Source, extra
from segrules.segments.engines.folders import (
    check_earlier_result,
    check_folder,
    put,
    unfinished_folder,
)
from segrules.segments.engines.sessions import Answer, named, unfinished
from segrules.segments.read import parquet_parts
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as data_problems
from segrules.text.problems import engines as problems

_SETTINGS = {
    # above this size Java does not compile a method, and Spark's own bound is far higher
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}

_KINDS: dict[str, pl.DataType] = {
    "string": pl.String(),
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), pl.Int64()),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "timestamp_ntz": pl.Datetime("us"),
    "array<string>": pl.List(pl.String()),
    "void": pl.Null(),
}


class Spark:
    """A session over Parquet; results are folders of Parquet."""

    name = "spark"
    dialect = "spark"

    def __init__(self) -> None:
        """Takes the session there is, or makes one.

        Raises:
            RulesError: Spark is lacking, or does not start.
        """
        with extra(self.name), warnings.catch_warnings():
            # what Spark says of the versions of others is nothing that users can mend
            warnings.simplefilter("ignore")
            from pyspark.errors import PySparkException  # noqa: PLC0415 -- an extra
            from pyspark.sql import SparkSession  # noqa: PLC0415 -- an extra
        self._errors = PySparkException
        self.views: dict[str, str] = {}
        self.leaving = ExitStack()
        self.unfinished = ""
        self.before: dict[str, str | None] = {}
        active = SparkSession.getActiveSession()
        self._own = active is None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                builder = SparkSession.builder.appName("segrules")
                # a bar that renews itself would stand among what we say
                builder = builder.config("spark.ui.showConsoleProgress", "false")
                self.held = active or builder.getOrCreate()
            for name, value in _SETTINGS.items():
                self.before[name] = self.held.conf.get(name, None)
                self.held.conf.set(name, value)
        except Exception as error:
            problem = problems.not_started(self.name, _reason(error))
            raise RulesError([problem], unable=True) from None

    def close(self) -> None:
        """Leaves a session that is not ours as it was."""
        self.leaving.close()
        for view in self.views.values():
            self.held.catalog.uncacheTable(view)
            self.held.catalog.dropTempView(view)
        if self._own:
            self.held.stop()
            return
        for name, value in self.before.items():
            if value is None:
                self.held.conf.unset(name)
            else:
                self.held.conf.set(name, value)

    # ---- tables

    def schema(self, source: Source) -> pl.Schema:
        """As in a session."""
        with self._guarded():
            fields = self.held.table(self._view(source)).schema.fields
            return pl.Schema({field.name: _kind(field.dataType.simpleString()) for field in fields})

    def table(self, source: Source) -> exp.Table:
        """As in a session."""
        with self._guarded():
            return named([self._view(source)])

    def _view(self, source: Source) -> str:
        """The name that Parquet is read under."""
        place = str(source)
        if place not in self.views:
            if isinstance(source, Path):
                # that there is something to read is better said by us
                parquet_parts(source)
                place = source.resolve().as_uri()
            view = unfinished()
            self.held.read.parquet(place).createOrReplaceTempView(view)
            self.views[str(source)] = view
        return self.views[str(source)]

    # ---- queries

    def answer(self, query: exp.Query) -> list[Answer]:
        """As in a session."""
        with self._guarded():
            return [row.asDict() for row in self._frame(query).collect()]

    def export(self, query: exp.Query, folder: Path) -> Path:
        """As in a session."""
        place = folder / unfinished()
        with self._guarded():
            self._frame(query).write.parquet(place.resolve().as_uri())
        return place

    def _frame(self, query: exp.Query) -> Any:
        return self.held.sql(query.sql(dialect=self.dialect, identify=True, comments=False))

    # ---- results

    def load(self, file: Path) -> exp.Table:
        """As in a session."""
        return self.table(file)

    def make(self, query: exp.Query, out: Source | None) -> exp.Table:
        """As in a session; what is to be kept is written beside where it will be."""
        name = unfinished()
        with self._guarded():
            if out is None:
                rows = self._frame(query).cache()
            else:
                place = self._beside(out)
                self._frame(query).write.parquet(place)
                rows = self.held.read.parquet(place)
            rows.createOrReplaceTempView(name)
        self.views[name] = name
        return named([name])

    def _beside(self, out: Source) -> str:
        """Where a folder is written before it is put in its place."""
        if isinstance(out, Path):
            place = unfinished_folder(out)
            self.leaving.callback(shutil.rmtree, place, ignore_errors=True)
            self.unfinished = str(place)
            return place.resolve().as_uri()
        above = str(out).rstrip("/").rpartition("/")[0]
        self.unfinished = f"{above}/_{unfinished()}"
        self.leaving.callback(self._removed, self.unfinished)
        return self.unfinished

    def keep(self, made: exp.Table, out: Source) -> None:
        """As in a session: the folder takes the place of the one before."""
        if isinstance(out, Path):
            put(Path(self.unfinished), out)
            return
        with self._guarded():
            files, paths = self._files(self.unfinished)
            there = paths(str(out).rstrip("/"))
            aside = paths(f"{self.unfinished}_before")
            if files.exists(there):
                files.rename(there, aside)
            files.rename(paths(self.unfinished), there)
            files.delete(aside, True)

    def _files(self, place: str) -> tuple[Any, Any]:
        """The file system of a place, and what its paths are made with."""
        # the way to the files of Hadoop
        java: Any = self.held.sparkContext
        paths = java._jvm.org.apache.hadoop.fs.Path
        return paths(place).getFileSystem(java._jsc.hadoopConfiguration()), paths

    def _removed(self, place: str) -> None:
        with suppress(Exception):
            files, paths = self._files(place)
            files.delete(paths(place), True)

    def check_place(self, out: Source) -> None:
        """As in a store."""
        if isinstance(out, Path):
            check_folder(out)
            check_earlier_result(out)

    # ---- errors

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            self._fail(error)
        except (OSError, RulesError):
            raise
        except Exception as error:
            # what the bridge to Java raises when Java has gone
            if type(error).__module__.startswith(("py4j", "grpc")):
                problem = problems.connection_lost(self.name)
                raise RulesError([problem], unable=True) from None
            raise

    def _fail(self, error: Any) -> NoReturn:
        told = error.getCondition() or ""
        if told == "PATH_NOT_FOUND":
            place = (error.getMessageParameters() or {}).get("path", "")
            problem = data_problems.no_such_file(place, [])
        elif told.startswith(("UNABLE_TO_INFER_SCHEMA", "FAILED_READ_FILE", "CANNOT_READ_FILE")):
            problem = data_problems.damaged(_reason(error))
        else:
            raise error
        raise RulesError([problem], unable=True) from None


def _reason(error: BaseException) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return line.rstrip(".") or type(error).__name__


def _kind(written: str) -> pl.DataType:
    """The type of a column; `Object` stands for what nothing is read from."""
    if written.startswith("decimal("):
        return pl.Decimal(38, int(written[8:-1].split(",")[1]))
    if written.startswith(("varchar", "char")):
        return pl.String()
    return _KINDS.get(written, pl.Object())
