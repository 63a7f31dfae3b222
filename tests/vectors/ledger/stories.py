"""Good chains of the golden vectors: every type, two logs of one site, a rotated key, seals, and the format's limits.

Deterministic: fixed seeds, ids derived from names. Judges nothing; the tests do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from kiosk.ledger import act, canonical
from kiosk.ledger.canonical import Value
from kiosk.ledger.chain import Head, advance, continuation, record_hash
from kiosk.ledger.format import blank, encode
from kiosk.ledger.rules import effects
from kiosk.ledger.seal import seal_root, seal_sums
from kiosk.ledger.signing import SigningKey
from kiosk.ledger.types import ZERO_HASH

DEVICE_KEY, NEXT_KEY, INGEST_KEY, INGEST_NEXT, STRANGER_KEY = (
    SigningKey.from_private_bytes(bytes([seed]) * 32) for seed in range(1, 6)
)

START_MS = 1_790_000_000_000
LIMIT = canonical.INTEGER_LIMIT - 1
SOLD: dict[str, Value] = {"svc": "phone", "qty": 1, "tar": 1, "op": "p-19af3c"}


def hexadecimal(name: str, digits: int) -> str:
    """A fixed id for a name."""
    return sha256(name.encode()).hexdigest()[:digits]


def make_act(site: str, name: str, cur: str, site_kind: str) -> bytes:
    """The act of a site whose device holds DEVICE_KEY."""
    return act.encode(
        {
            "v": 1,
            "kind": "act",
            "site": site,
            "name": name,
            "commune": "Kaya",
            "site_kind": site_kind,
            "dev": hexadecimal(f"{site} device", 16),
            "cur": cur,
            "pub": DEVICE_KEY.public_hex,
            "ingest_key": INGEST_KEY.public_hex,
            "ingest_next": INGEST_NEXT.public_hex,
            "issued": START_MS - 86_400_000,
        }
    )


@dataclass
class Story:
    """One log, told record after record."""

    name: str
    act: bytes
    key: SigningKey = DEVICE_KEY
    fields: list[dict[str, Value]] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    signatures: list[bytes] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)

    def __post_init__(self) -> None:
        told = act.parse(self.act)
        site, dev, cur = str(told["site"]), str(told["dev"]), str(told["cur"])
        log = hexadecimal(f"{self.name} log", 32)
        self.heads.append(Head.empty(log, cur, act.act_hash(self.act), site=site, dev=dev))

    @property
    def head(self) -> Head:
        """Where the log stands."""
        return self.heads[-1]

    def draft(self, t: str, **own: Value) -> dict[str, Value]:
        """The record that would come next, before its totals are known; `as_` and `from_` stand for `as` and `from`."""
        own = {name.rstrip("_"): value for name, value in own.items()}
        seq = self.head.seq + 1
        fields = blank(t, str(own.get("as", "")))
        fields |= {
            "id": hexadecimal(f"{self.name} press {seq}", 32),
            "boot": hexadecimal(f"{self.name} boot", 16),
            "bn": 7,
            "mono": 60_000 * seq,
            "wall": START_MS + 60_000 * seq,
            "clk": "modem",
            "unc": 2,
            "seq": seq,
        }
        return fields | own

    def add(self, t: str, **own: Value) -> int:
        """Write the next record and give its seq."""
        fields = self.draft(t, **own)
        amt, cash = effects(fields)
        fields |= {"amt": amt, "cash": cash} | continuation(self.head, amt, cash)
        payload = encode(fields)
        self.heads.append(advance(self.head, fields, payload))
        self.fields.append(fields)
        self.payloads.append(payload)
        self.keys.append(self.key.public_hex)
        self.signatures.append(self.key.sign(payload))
        return self.head.seq

    def untell(self) -> None:
        """Take the last record back, as if it had never been written."""
        for kept in (self.fields, self.payloads, self.keys, self.signatures, self.heads):
            kept.pop()

    def genesis(self, **own: Value) -> int:
        """The first record, for a log that takes nothing over unless `own` says so."""
        return self.add("GENESIS", act=self.head.hash, pub=self.key.public_hex, **own)

    def count(self, counted: int, **own: Value) -> int:
        """A cash count: the difference goes into the box."""
        return self.add("CASH_COUNT", counted=counted, cash=counted - self.head.box, **own)

    def seal(self, number: int, **own: Value) -> int:
        """A seal over the last seal and everything since."""
        seals = [place for place, fields in enumerate(self.fields) if fields["t"] == "SEAL"]
        first = seals[-1] if seals else 0
        return self.add(
            "SEAL",
            num=number,
            first=first + 1,
            last=len(self.fields),
            sums=seal_sums(self.fields[first:]),
            root=seal_root(self.payloads[first:]),
            prev_seal=record_hash(self.payloads[seals[-1]]) if seals else ZERO_HASH,
            **own,
        )

    def rotate(self, new: SigningKey) -> int:
        """Hand over to another key."""
        seq = self.head.seq + 1
        seq = self.add("KEY_ROTATE", new_pub=new.public_hex, new_sig=new.sign_rotation(self.head.log, seq))
        self.key = new
        return seq


def worked_example() -> Story:
    """The three records that docs/ledger-format.md prints."""
    story = Story("example", make_act("kaya-nord", "École de Kaya Nord", "XOF", "school"))
    story.genesis(cash=500, why="mise en service")
    story.add("SALE", svc="phone", qty=2, tar=1, ticket="A12", port=3, energy_mwh=21_400, amt=200, pay="cash")
    story.seal(1, start=START_MS, end=START_MS + 240_000, off="20260919;20260920")
    return story


def every_type() -> Story:
    """A day in which everything happens that can be written."""
    story = Story("every-type", make_act("kaya-est", "École « Kaya Est »", "XOF", "school"))
    _begin(story)
    cash_sale, credit_sale = _sell(story)
    _move_cash(story)
    _copy_the_notebook(story, cash_sale, credit_sale)
    story.add("METER", shelf_wh=48_211, sessions=17)
    story.add("TEST", code="essai", text=hexadecimal("essai", 64))
    story.seal(1, start=START_MS, end=START_MS + 2_000_000)
    _go_on(story)
    return story


def _begin(story: Story) -> None:
    story.genesis(cash=2_000, card=hexadecimal("card", 64), board=hexadecimal("board", 64), why="mise en service")
    story.add("BOOT", wall=0, clk="none", unc=0)
    story.add(
        "TIME_FIX",
        fix_boot=hexadecimal("every-type boot", 16),
        fix_mono=61_000,
        fix_utc=START_MS,
        fix_src="typed",
        fix_unc=60_000,
    )
    story.add("TARIFF", tar=1, prices="lamp:50;phone:100;radio:0", from_=START_MS)
    story.add("FLOAT", sum=1_500, op="p-19af3c")
    story.add("DEPOSIT", ticket="B7", port=4, svc="phone")


def _sell(story: Story) -> tuple[int, int]:
    cash_sale = story.add("SALE", **SOLD, ticket="B7", port=4, energy_mwh=10_700, amt=100, pay="cash")
    story.add("SALE", **SOLD, amt=100, pay="mobile", why='client dit "Orange\\Moov"')
    credit_sale = story.add("SALE", **SOLD, amt=400, pay="credit", op2="p-77")
    story.add("SALE", **SOLD, pay="free", why="directeur")
    story.add("SALE", **SOLD, ticket="retrait B7", pay="none")
    story.add("SALE", **SOLD, pay="cash")
    story.add("SETTLE", paid=150, pay="cash", ref=credit_sale)
    story.add("SETTLE", paid=50, pay="mobile", ref=credit_sale)
    story.add("VOID", amt=-100, cash=-100, pay="cash", ref=cash_sale)
    story.add("REFUND", given=50, pay="cash", ref=cash_sale, op2="p-77")
    story.add("REFUND", given=25, pay="mobile", ref=cash_sale)
    story.add("REFUND", given=25, pay="credit", ref=credit_sale)
    story.add("ADJUST", amt=-10, cash=0, pay="none", ref=credit_sale, why="erreur de tarif")
    return cash_sale, credit_sale


def _move_cash(story: Story) -> None:
    story.add("PAYOUT", sum=5_000, why="ampoule, câble")
    story.add("HANDOVER", sum=300, op="p-19af3c", op2="p-tresorier")
    story.count(3_175, denoms="25:1;50:3;500:2;1000:2;2000:0", change_why="monnaie rendue")
    story.count(0, why="coffre ouvert")


def _copy_the_notebook(story: Story, cash_sale: int, credit_sale: int) -> None:
    story.add("FALLBACK", as_="SALE", **SOLD, amt=100, pay="cash", slip="12/3", photo=hexadecimal("photo", 64))
    story.add("FALLBACK", as_="SALE", **SOLD, amt=200, pay="cash", slip="12/4", why="counted")
    story.add("FALLBACK", as_="SALE", **SOLD, amt=100, pay="mobile", slip="12/5", ref=cash_sale)
    story.add("FALLBACK", as_="SETTLE", paid=100, pay="cash", slip="12/6", ref=credit_sale)
    story.add("FALLBACK", as_="PAYOUT", sum=40, slip="12/7", why="eau")
    story.add("FALLBACK", as_="PAYOUT", sum=40, slip="12/8", why="counted")
    story.add("FALLBACK", as_="FLOAT", sum=500, slip="12/9")
    story.add("FALLBACK", as_="HANDOVER", sum=60, slip="12/10", op2="p-tresorier")


def _go_on(story: Story) -> None:
    story.add("NOTE", code="photo", text=hexadecimal("facture", 64), ref=20)
    story.add("LOSS", lost_log="ab" * 16, from_=3, to=9, lost_in=700, lost_out=0, lost_cash=-20, why="carte perdue")
    story.add(
        "TIME_FIX",
        fix_boot=hexadecimal("every-type boot", 16),
        fix_mono=2_000_000,
        fix_utc=START_MS + 1_939_000,
        fix_src="gnss",
        fix_unc=20,
        super=3,
        clk="gnss",
    )
    story.rotate(NEXT_KEY)
    story.add("SALE", **SOLD, amt=100, pay="cash", why="après la clé")
    story.add("BOOT", last_boot=hexadecimal("every-type boot", 16), last_mono=2_400_000, bn=8, mono=0)
    story.seal(2, start=START_MS + 2_000_000, end=0, off="20260928;20260929")
    story.add("TEST", code="essai")
    story.seal(3)


def second_log(before: Story) -> Story:
    """The same site and device after its card was exchanged: a new log that names the old one."""
    story = Story("second-log", before.act)
    story.genesis(
        cash=before.head.box,
        card=hexadecimal("other card", 64),
        board=hexadecimal("board", 64),
        old_log=before.head.log,
        old_seq=before.head.seq,
        old_hash=before.head.hash,
        seen_seq=before.head.seq - 3,
        seen_hash=before.heads[-4].hash,
        old_in=before.head.sum_in,
        old_out=before.head.sum_out,
        old_box=before.head.box,
        why="carte changée",
    )
    story.add("REFUND", given=100, pay="cash", ref_log=before.head.log, ref=39)
    story.add("NOTE", code="reprise", ref_log=before.head.log, ref=before.head.seq)
    story.seal(1)
    return story


def limits() -> Story:
    """What the format just allows: largest integers, longest texts, a payload of exactly 4,096 bytes."""
    story = Story("limits", make_act("x" * 24, "n" * 200, "USD", "other"))
    story.genesis(cash=-LIMIT, old_box=-LIMIT, old_in=LIMIT, old_out=LIMIT)
    story.add("SALE", svc="w" * 24, qty=LIMIT, tar=LIMIT, port=LIMIT, energy_mwh=LIMIT, amt=LIMIT, pay="cash")
    story.add("REFUND", given=LIMIT, pay="cash", ref=2, op="\U0001f50b" * 40, op2="é" * 40, why="\U0001f4a1" * 200)
    story.count(0, denoms="", mono=LIMIT, wall=LIMIT, unc=LIMIT, bn=LIMIT, clk="ntp")
    story.add("NOTE", code="-_09AZaz", why="\u0080\u00a0\u2028\ufeff\ufffe\U0010ffff", ref=1)
    story.add("TARIFF", tar=LIMIT, prices=f"10:0;9:{LIMIT};A:1;_:2;a:3")
    story.seal(1)
    room = canonical.SIZE_MAX - len(story.payloads[-1])
    story.untell()
    days = [f"{2026 + place // 372}{place // 31 % 12 + 1:02}{place % 31 + 1:02}" for place in range(room // 9 - 5)]
    off = ";".join(days)
    story.seal(1, off=off, why="e" * (room - len(off)))
    return story


def good_stories() -> list[Story]:
    """All good chains, in the order of the file."""
    told = every_type()
    return [worked_example(), told, second_log(told), limits()]
