"""Examples of answers in the API's description. The ledger's record is the worked example of docs/ledger-format.md.

A null would be dropped from the description, so none stands here where a value is promised.
"""

from __future__ import annotations

from typing import Any

SITE: dict[str, Any] = {
    "code": "damane",
    "name": "École de Damané",
    "commune": "Kaya",
    "kind": "school",
    "currency": "XOF",
    "state": {"level": "ok", "code": "ok", "since_ms": 1_795_392_000_000, "subject": "", "reason": "Tout fonctionne."},
    "last_arrival_ms": 1_795_392_000_000,
    "income_today_minor": 1_950,
    "income_month_minor": 42_300,
    "income_last_month_minor": 61_150,
    "income_known_to_ms": 1_795_392_000_000,
    "records_complete_upto": 1_204,
    "records_at_kiosk": 7,
    "income_at_kiosk_minor": 650,
    "uptimes": {"power_permille": 998, "agent_permille": 1000, "link_permille": 964, "days": 30},
}

LATEST: dict[str, Any] = {
    "site": "damane",
    "now_ms": 1_795_392_030_000,
    "values": [
        {
            "device": "mppt",
            "metric": "battery_voltage_v",
            "unit": "V",
            "value": 12.87,
            "time_ms": 1_795_392_000_000,
            "time": "2026-11-23T00:00:00Z",
            "age_s": 30,
        }
    ],
}

SERIES: dict[str, Any] = {
    "site": "damane",
    "device": "mppt",
    "metric": "battery_voltage_v",
    "unit": "V",
    "start_ms": 1_795_392_000_000,
    "end_ms": 1_795_393_800_000,
    "interval_s": 900,
    "times_ms": [1_795_392_000_000, 1_795_392_900_000],
    "means": [12.871, 12.864],
    "lows": [12.86, 12.85],
    "highs": [12.88, 12.87],
    "lasts": [12.87, 12.85],
    "counts": [15, 15],
}

_AVAILABLE = {"permille": 1000, "up_ms": 86_400_000, "down_ms": 0, "unknown_ms": 0, "coverage_permille": 1000}


def _energy(energy_wh: int) -> dict[str, Any]:
    return {
        "energy_wh": energy_wh,
        "method": "counter",
        "coverage_permille": 1000,
        "uncertainty_wh": 10,
        "integral_wh": energy_wh + 4,
        "marks": [],
    }


DAYS: dict[str, Any] = {
    "site": "damane",
    "first": "2026-11-22",
    "last": "2026-11-22",
    "days": [
        {
            "day": "2026-11-22",
            "computed_ms": 1_795_392_000_000,
            "figures": {
                "until_ms": 1_795_392_000_000,
                "solar": _energy(412),
                "load": _energy(356),
                "shelf": _energy(120),
                "power": _AVAILABLE,
                "agent": _AVAILABLE,
                "link": {"permille": 958, "heard": 92, "slots": 96, "slot_s": 900},
                "battery": {
                    "device": "mppt",
                    "min_mv": 12_180,
                    "min_at_ms": 1_795_327_800_000,
                    "rested_min_mv": 12_240,
                    "at_mv": {"06": 12_190, "18": 13_420, "22": 12_710},
                    "stages": {
                        "bulk_s": 18_000,
                        "absorption_s": 7_200,
                        "float_s": 9_000,
                        "equalise_s": 0,
                        "full": True,
                    },
                    "coverage_permille": 1000,
                },
                "daylight": {
                    "sunrise_ms": 1_795_327_586_000,
                    "sunset_ms": 1_795_368_882_000,
                    "coverage_permille": 1000,
                },
                "income": {
                    "currency": "XOF",
                    "net_minor": 2_300,
                    "sales_minor": 2_400,
                    "sales": 24,
                    "by_service": {"phone": {"count": 24, "amount_minor": 2_400}},
                    "voided_minor": -100,
                    "voids": 1,
                    "refunded_minor": 0,
                    "refunds": 0,
                    "adjusted_minor": 0,
                },
                "coverage_permille": 1000,
                "reasons": [{"code": "not_heard", "subject": "link", "amount": 4}],
                "history": [],
            },
        }
    ],
}

_ACT = (
    '{"commune":"Kaya","cur":"XOF","dev":"7d9473b34c3e326f",'
    '"ingest_key":"ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1",'
    '"ingest_next":"ca93ac1705187071d67b83c7ff0efe8108e8ec4530575d7726879333dbdabe7c",'
    '"issued":1789913600000,"kind":"act","name":"École de Kaya Nord",'
    '"pub":"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",'
    '"site":"kaya-nord","site_kind":"school","v":1}'
)
_LOG = "27ba4c110e28d18d46d93ef74bbb0fc3"

LEDGER: dict[str, Any] = {
    "site": "kaya-nord",
    "log": _LOG,
    "logs": [_LOG],
    "acts": [_ACT],
    "keys": [
        {
            "key_id": "34750f98bd59fcfc",
            "public_key": "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
            "from_seq": 1,
            "until_seq": 4_000,
        }
    ],
    "branches": [
        {"branch": 0, "seq": 3, "hash": "84b4017f39568bea1b2cf22eb9c7f97ef9dc5e74c27e54c2e0a22c954d065ebc"},
    ],
    "gaps": [],
    "records": [
        {
            "seq": 2,
            "branch": 0,
            "hash": "ff8c750f31d746ca6517d43201d19523473aea4288bd51f55fc841b360eee69d",
            "payload": (
                '{"amt":200,"bn":7,"boot":"a24175f8f1465e44","box":700,"cash":200,"clk":"modem","cur":"XOF",'
                '"dev":"7d9473b34c3e326f","energy_mwh":21400,"id":"3804ebb4a34021375c7919179ff15a74",'
                '"log":"27ba4c110e28d18d46d93ef74bbb0fc3","mono":120000,"op":"","op2":"","pay":"cash","port":3,'
                '"prev":"39d9ae40847411def853402a8b709b6f787fa3b1f07a9a35c63b025b53d2f79e","qty":2,"ref":0,'
                '"ref_log":"","seq":2,"site":"kaya-nord","sum_in":200,"sum_out":0,"svc":"phone","t":"SALE","tar":1,'
                '"ticket":"A12","unc":2,"v":1,"wall":1790000120000,"why":""}'
            ),
            "signature": (
                "b015c02a31752f4ce08e9edc0bda47276d5ffb11e187e23e5e601036c1ef38a5"
                "4b9c58f69f5fa2cbd264324d4137a17c0d80e0c3517ef8e2bee4a745e55dce08"
            ),
            "key_id": "34750f98bd59fcfc",
            "day": "2026-09-21",
            "utc_ms": 1_790_000_120_000,
            "counts": True,
            "marks": [],
            "arrived_ms": 1_790_000_300_000,
        }
    ],
    "next_after": 2,
}

HEALTHY: dict[str, Any] = {
    "status": "ok",
    "database": "ok",
    "last_arrival_ms": 1_795_392_000_000,
    "last_arrival_age_s": 42,
    "dirty_days": 0,
    "dead_letters": 0,
}
BROKEN: dict[str, Any] = {"status": "broken", "database": "the database cannot be read: look at the disk"}

METRICS = 'kayasol_frames_total 4023.0\nkayasol_last_arrival_seconds{site="damane"} 1.795392e+09\n'
DAYS_CSV = (
    "day,currency,income,sales,solar_wh,load_wh,power_permille,agent_permille,link_permille,"
    "battery_min_mv,coverage_permille,reasons\r\n"
    "2026-11-22,XOF,2300,24,412,356,1000,1000,958,12180,1000,not_heard:link=4\r\n"
)
