"""One village that lives once for all tests of the boards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dashboards.village import DrawnVillage, lived
from tests.end_to_end.broker_village import quick_folder
from tests.influxdb import InfluxServer


@pytest.fixture(scope="session")
def village(influx: InfluxServer) -> Iterator[DrawnVillage]:
    with quick_folder("boards") as root:
        made = lived(root, influx.new_bucket())
        yield made
        made.store.close()
        made.connection.close()
