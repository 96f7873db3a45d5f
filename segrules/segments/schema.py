"""What a record must look like, as JSON Schema (draft 2020-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segrules.lang import ir

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def record_schema(ruleset: ir.Ruleset, table: str, program: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a program reads of a record, and the features that may be passed beside it.

    Money is in units of its currency, as a number or as text; dates and instants are ISO 8601.
    """
    columns = program["tables"][table]["columns"]
    read = {name: column for name, column in columns.items() if column["read"]}
    return {
        "$schema": DRAFT,
        "title": f"{table} of {ruleset.name}",
        "type": "object",
        "properties": {
            name: _or_null(_schema_of(column["type"]), optional=column["optional"])
            for name, column in read.items()
        },
        "required": list(read),
        "features": {
            each["name"]: {
                **_or_null(_schema_of(each["type"]), optional=each["optional"]),
                "description": each["written"],
                "default": each["empty"],
            }
            for each in program["asked"]
            if each["name"]
        },
    }


def _or_null(schema: dict[str, Any], *, optional: bool) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]} if optional else schema


def _schema_of(kind: Sequence[Any]) -> dict[str, Any]:
    match kind:
        case ["text"]:
            return {"type": "string"}
        case ["link", _]:
            # the key of a row, or the row itself
            return {"type": ["string", "object"]}
        case ["whole", low, high]:
            return {"type": "integer", "minimum": low, "maximum": high}
        case ["money", _, low, high, places]:
            unit = 10**places
            return {"anyOf": [{"type": "number", "minimum": low / unit, "maximum": high / unit},
                              {"type": "string"}]}  # fmt: skip
        case ["amount", *_]:
            return {"anyOf": [{"type": "number"}, {"type": "string"}]}
        case ["number", low, high]:
            bounds = {"minimum": low, "maximum": high}
            return {"type": "number"} | {n: v for n, v in bounds.items() if v is not None}
        case ["share", *_]:
            return {"type": "number", "minimum": 0, "maximum": 1}
        case ["flag"]:
            return {"type": "boolean"}
        case ["date"]:
            return {"type": "string", "format": "date"}
        case ["instant"]:
            return {"type": "string", "format": "date-time"}
        case ["enum", values]:
            return {"enum": list(values)}
        case ["set", values]:
            return {"type": "array", "items": {"enum": list(values)}, "uniqueItems": True}
    raise ValueError(f"there is no type {kind!r}")
