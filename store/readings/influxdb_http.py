"""How an InfluxDB 2 server is spoken to: write lines, ask in InfluxQL, delete by tags; its errors as ours.

InfluxQL and not Flux, because servers of generation 1, 2 and 3 all answer it. The client library offers Flux only, so
questions go to /query through its ApiClient, which carries the token, the time-out and the connections.

| the server says | what it means here |
|---|---|
| 204 | all written |
| 400, 422 | some of these lines will never be taken: RefusedLines; the caller finds out which |
| 413 | too much at once: RefusedLines too, so that the halves are tried |
| 401, 403, 404 | token, permission, organisation or bucket has gone: RepairFirst |
| 429, 5xx, nothing, time-out | RetryLater, after what Retry-After asks for |
| 500 and a full disk | RepairFirst |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from store.errors import RETRY_AFTER_S, RepairFirst, RetryLater, StoreError
from store.readings.influxql import Table

RETRY_AFTER_MAX_S = 300
COPY_LINES_MAX = 5_000
RETENTION_POLICY = "autogen"
"""What InfluxQL calls the one policy of a bucket."""
FIRST, LAST = "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
"""Wider than any date that this project gives."""

_DISK_FULL = re.compile(r"no space left|disk (is )?full|quota exceeded|file too large", re.IGNORECASE)
_DROPPED = re.compile(r"dropped=(\d+)")


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where the readings are kept."""

    url: str
    org: str
    bucket: str
    token: str = field(repr=False)
    timeout_ms: int = 10_000
    gzip: bool = False
    """Worth it across a network, not on one machine."""


class RefusedLines(StoreError):
    """The server will not take all of these lines, however often they are sent. Never leaves store.readings."""

    def __init__(self, reason: str, dropped: int | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.dropped = dropped
        """How many it left out, where it says; it has then written the others."""


class InfluxConnection:
    """One server, organisation and bucket. Usable from any thread."""

    def __init__(self, settings: InfluxSettings) -> None:
        self.settings = settings
        self._client = InfluxDBClient(
            url=settings.url,
            token=settings.token,
            org=settings.org,
            timeout=settings.timeout_ms,
            enable_gzip=settings.gzip,
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        self._deleter = self._client.delete_api()

    def write(self, lines: str | bytes, *, nanoseconds: bool = False) -> None:
        """Write all lines, dated in milliseconds unless said; RefusedLines if one of them cannot be."""
        precision: Any = WritePrecision.NS if nanoseconds else WritePrecision.MS
        with explained():
            self._writer.write(bucket=self.settings.bucket, record=lines, write_precision=precision)

    def write_copy(self, whose: str, lines: Sequence[str], *, nanoseconds: bool = False) -> None:
        """Write a copy of what SQL keeps, in pieces; RepairFirst where somebody else's fields stand in its way."""
        for start in range(0, len(lines), COPY_LINES_MAX):
            try:
                self.write("\n".join(lines[start : start + COPY_LINES_MAX]), nanoseconds=nanoseconds)
            except RefusedLines as error:
                raise RepairFirst(f"this bucket cannot hold {whose} ({error}): give it its own") from error

    def query(self, statements: Sequence[str]) -> list[list[Table]]:
        """The tables of each InfluxQL statement; times are UTC milliseconds."""
        asked = [("q", ";".join(statements)), ("db", self.settings.bucket), ("rp", RETENTION_POLICY), ("epoch", "ms")]
        with explained("a question"):
            response = self._client.api_client.call_api(  # type: ignore[no-untyped-call]
                "/query",
                "POST",
                header_params={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                post_params=asked,
                _preload_content=False,
                _return_http_data_only=True,
            )
            answers = json.loads(response.data)["results"]
        return [_tables(answer) for answer in answers]

    def delete(self, predicate: str, start: str = FIRST, stop: str = LAST) -> None:
        """Delete the points whose tags fit, from `start` up to `stop`, RFC 3339; done when it returns."""
        with explained(predicate):
            self._deleter.delete(start, stop, predicate, self.settings.bucket)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()  # type: ignore[no-untyped-call]


@contextmanager
def explained(asked: str = "") -> Iterator[None]:
    """Errors of the client library and of the network, as what the caller does next.

    With `asked`, what is refused was no lines but a question, which is our own mistake.
    """
    try:
        yield
    except ApiException as error:
        meaning = _explain(error)
        if asked and isinstance(meaning, RefusedLines):
            meaning = StoreError(f"InfluxDB cannot do {asked}: {meaning}")
        raise meaning from error
    except HTTPError as error:
        raise RetryLater(f"InfluxDB does not answer, it is tried again: {error}") from error
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise RetryLater(f"InfluxDB's answer breaks off or is not one, it is asked again: {error!r}") from error


def message_of(error: ApiException) -> str:
    """What the server says in the body of an error."""
    body = error.body
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or error.reason or "")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:500]


def _explain(error: ApiException) -> StoreError:
    status, message = error.status, message_of(error)
    match status:
        case 400 | 422:
            dropped = _DROPPED.search(message)
            return RefusedLines(message, int(dropped.group(1)) if dropped else None)
        case 413:
            return RefusedLines(f"more than the server takes at once: {message}", None)
        case 401 | 403:
            return RepairFirst(f"InfluxDB refuses the token ({message}): make a new one and put it into the settings")
        case 404:
            return RepairFirst(f"InfluxDB misses something ({message}): run the set-up of the readings store again")
        case 0 | None:
            return RepairFirst(f"no safe connection to InfluxDB: {message}: correct its address or certificate")
    if status >= 500 and _DISK_FULL.search(message):
        return RepairFirst(f"the disk of InfluxDB is full ({message}): make room; nothing is lost meanwhile")
    if status == 429 or status >= 500:
        return RetryLater(f"InfluxDB is busy or not ready ({status}: {message})", _retry_after_s(error))
    return RepairFirst(f"InfluxDB answers {status}: {message}: is this the address of an InfluxDB 2 server?")


def _retry_after_s(error: ApiException) -> int:
    headers: Any = error.headers or {}
    told = str(headers.get("Retry-After", ""))
    return min(int(told), RETRY_AFTER_MAX_S) if told.isdecimal() else RETRY_AFTER_S


def _tables(answer: dict[str, Any]) -> list[Table]:
    """One statement's tables; errors of a statement come with 200."""
    problem = answer.get("error")
    if problem is None:
        return list(answer.get("series", ()))
    if "not found" in problem or "unauthorized" in problem or "forbidden" in problem:
        raise RepairFirst(f"InfluxDB: {problem}: run the set-up of the readings store again")
    if "timeout" in problem or "limit" in problem or "interrupted" in problem or "closed" in problem:
        raise RetryLater(f"InfluxDB gave up a question: {problem}")
    raise StoreError(f"InfluxDB cannot answer: {problem}")
