"""The processes of the ingest bench: our workers and Telegraf, on a real Mosquitto and a real InfluxDB. No load."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.interpreter import search_path
from store.readings.influxdb_http import InfluxSettings
from tests.mosquitto import MosquittoServer
from tests.server_process import ServerProcess
from tools import compiled

TELEGRAF_BATCH = 5_000
"""Points a request: its default is 1,000."""
TELEGRAF_FLUSH = "200ms"
"""How long the last, smaller request waits: its default is 10 s."""

_TELEGRAF = """\
[agent]
  interval = "10s"
  metric_batch_size = {batch}
  metric_buffer_limit = 1000000
  flush_interval = "{flush}"
  flush_jitter = "0s"
  omit_hostname = true
[[outputs.influxdb_v2]]
  urls = ["{url}"]
  token = "{token}"
  organization = "{org}"
  bucket = "{bucket}"
  content_encoding = "identity"
[[inputs.mqtt_consumer]]
  servers = ["tcp://{host}:{port}"]
  topics = ["t/#"]
  topic_tag = ""
  qos = 1
  client_id = "telegraf"
  persistent_session = true
  max_undelivered_messages = 1000000
  data_format = "json"
  name_override = "reading"
  tag_keys = ["site"]
  json_time_key = "t"
  json_time_format = "unix_ms"
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """How our ingest is run."""

    answers: str
    """See ingest_worker."""
    database: str = "postgresql"
    workers: int = 1
    plain: bool = False
    """Whether plain Python runs where a compiled copy could."""


class OurWorker(ServerProcess):
    """One ingest worker, on the compiled copy if one is named; ready once its subscriptions are in force."""

    name = "worker"

    def __init__(self, folder: Path, told: dict[str, object], copy: Path | None, python: Path) -> None:
        """`python`: what runs it."""
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "worker.json"
        self._file.write_text(json.dumps(told | {"compiled": copy is not None}), encoding="utf-8")
        self._copy = copy
        self._python = python

    def _command(self) -> Sequence[str | Path]:
        return [self._python, "-m", "bench.ingest_worker", self._file]

    def _options(self) -> dict[str, Any]:
        if self._copy is None:
            return {"env": {**os.environ, "PYTHONPATH": search_path(compiled.ROOT)}}
        ours = compiled.environment(self._copy)
        return {"env": {**ours, "PYTHONPATH": search_path(self._copy, compiled.ROOT)}}

    def _is_ready(self) -> bool:
        return "connected to the broker" in self.log_text()


class Telegraf(ServerProcess):
    """The peer, tuned in its favour; ready once connected."""

    name = "telegraf"

    def __init__(self, folder: Path, program: Path, broker: MosquittoServer, influx: InfluxSettings) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._program = program
        self._file = folder / "telegraf.conf"
        self._file.write_text(
            _TELEGRAF.format(
                batch=TELEGRAF_BATCH,
                flush=TELEGRAF_FLUSH,
                url=influx.url,
                token=influx.token,
                org=influx.org,
                bucket=influx.bucket,
                host=broker.host,
                port=broker.port,
            ),
            encoding="utf-8",
        )

    def _command(self) -> Sequence[str | Path]:
        return [self._program, "--config", self._file]

    def _is_ready(self) -> bool:
        return "Connected [" in self.log_text()


def cpu_s(pids: Iterable[int]) -> float:
    """Processor time of processes and of those that they started, so far."""
    wanted, total = set(pids), 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) in wanted or int(words[1]) in wanted:
            total += int(words[11]) + int(words[12])
    return total / os.sysconf("SC_CLK_TCK")
