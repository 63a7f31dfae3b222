"""Bad payloads of the golden vectors: for each what is wrong and the code that a reader must give.

The codes are stated here by hand, never asked of the reader that they test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from kiosk.ledger.canonical import Value
from tests.vectors.ledger.stories import Story

Refusal = tuple[str, bytes, str]
"""Name, payload, code."""

_LIMIT = 2**53


def spell(fields: dict[str, Value]) -> bytes:
    """Canonical JSON of anything, without asking whether it is a record."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class _Good:
    """Good records to spoil: the first of each type in a story, FALLBACK by `as`."""

    def __init__(self, story: Story) -> None:
        self._by_type: dict[str, dict[str, Value]] = {}
        for fields in story.fields:
            self._by_type.setdefault(f"{fields['t']} {fields['as']}" if "as" in fields else str(fields["t"]), fields)

    def but(self, name: str, **changes: Value) -> bytes:
        """The record with some members changed; `as_` and `from_` stand for `as` and `from`."""
        return spell(self._by_type[name] | {key.rstrip("_"): value for key, value in changes.items()})

    def spoiled(self, table: str) -> Iterator[tuple[str, bytes]]:
        """The records of a table of changes; what they are called is what was changed."""
        for line in table.strip().splitlines():
            name, changes = line.split(": ", 1)
            for change in changes.split(" | "):
                pairs = [pair.split("=", 1) for pair in change.split()]
                yield f"{name}: {change}", self.but(name, **{key: _value(spelling) for key, spelling in pairs})

    def without(self, name: str, member: str) -> bytes:
        """The record with a member left out."""
        return spell({key: value for key, value in self._by_type[name].items() if key != member})


def _value(spelling: str) -> Value:
    """`5` is an integer, `'5'` and `x` are strings, `x*40` is a string of forty x."""
    if re.fullmatch("-?[0-9]+", spelling):
        return int(spelling)
    letter, star, times = spelling.partition("*")
    return letter * int(times) if star else spelling.strip("'")


def all_refusals(story: Story) -> list[Refusal]:
    """Every bad payload, in the order of the file."""
    good = _Good(story)
    refusals = [*_bytes(good), *_spellings(good), *_members(good)]
    for code, table in (("value", _VALUES), ("value", _LISTS), ("rule", _AMOUNTS), ("rule", _RULES)):
        refusals += [(name, payload, code) for name, payload in good.spoiled(table)]
    return refusals


def _bytes(good: _Good) -> Iterator[Refusal]:
    sale = good.but("SALE")
    yield "4,097 bytes", sale + b" " * (4_097 - len(sale)), "size"
    yield "5,000 opening brackets", b"[" * 5_000, "size"
    yield "a payload too long and not UTF-8", b"\xff" * 5_000, "size"
    yield "a byte that begins nothing", sale.replace(b"phone", b"ph\xffne"), "utf8"
    yield "an overlong slash", sale.replace(b"phone", b"\xc0\xafone"), "utf8"
    yield "a surrogate in UTF-8", sale.replace(b"phone", b"\xed\xa0\x80ne"), "utf8"
    yield "a cut character", sale[:-2] + b"\xc3", "utf8"
    yield "a code point above U+10FFFF", sale.replace(b"phone", b"\xf4\x90\x80\x80"), "utf8"
    yield "no bytes", b"", "json"
    yield "a byte order mark", b"\xef\xbb\xbf" + sale, "json"
    yield "a cut object", sale[:-1], "json"
    yield "two objects", sale + sale, "json"
    yield "a list around it", b"[" + sale + b"]", "json"
    yield "a string alone", b'"SALE"', "json"
    yield "null alone", b"null", "json"
    yield "4,096 opening brackets", b"[" * 4_096, "json"
    yield "600 nested objects", b'{"a":' * 600 + b"{}" + b"}" * 600, "json"
    yield "a name twice", sale.replace(b'"bn":7,', b'"bn":7,"bn":7,'), "json"
    yield "a name twice, once escaped", sale.replace(b'"bn":7,', b'"bn":7,"\\u0062n":7,'), "json"
    yield "a final comma", sale[:-1] + b",}", "json"
    yield "single quotes", sale.replace(b'"phone"', b"'phone'"), "json"
    yield "a raw line end in a string", sale.replace(b"phone", b"ph\nne"), "json"
    yield "a raw NUL in a string", sale.replace(b"phone", b"ph\x00ne"), "json"
    yield "an unknown escape", sale.replace(b"phone", b"ph\\xne"), "json"
    for spelling in ("100.0", "100.5", "1E2", "1e+2", "0100", "+100", "NaN", "Infinity", "-Infinity", "0x64", "1_00"):
        yield f"amt spelled {spelling}", sale.replace(b'"amt":100', b'"amt":' + spelling.encode()), "json"
    for spelling in ("null", "true", "false", "[100]", '{"n":100}', "[]", "{}"):
        yield f"amt is {spelling}", sale.replace(b'"amt":100', b'"amt":' + spelling.encode()), "json"


def _spellings(good: _Good) -> Iterator[Refusal]:
    sale = good.but("SALE")
    yield "a space after a comma", sale.replace(b",", b", ", 1), "canonical"
    yield "a space before the object", b" " + sale, "canonical"
    yield "a line end after the object", sale + b"\n", "canonical"
    yield "members not sorted", sale.replace(b'"amt":100,"bn":7', b'"bn":7,"amt":100'), "canonical"
    yield "minus zero", sale.replace(b'"ref":0', b'"ref":-0'), "canonical"
    yield "an escaped letter", sale.replace(b"phone", b"\\u0070hone"), "canonical"
    yield "an escaped slash", sale.replace(b"phone", b"ph\\/ne"), "canonical"
    yield "an escaped line end", sale.replace(b"phone", b"ph\\nne"), "canonical"
    yield "an escaped NUL", sale.replace(b"phone", b"ph\\u0000ne"), "canonical"
    yield "an escaped lone surrogate", sale.replace(b"phone", b"\\ud800"), "canonical"
    yield "an escaped pair of surrogates", sale.replace(b'"why":""', b'"why":"\\ud83d\\udd0b"'), "canonical"
    yield "U+007F in a string", good.but("SALE", why="a\x7f"), "canonical"
    yield "a decomposed accent", good.but("SALE", why="e\u0301te\u0301"), "canonical"
    yield "a singleton that NFC replaces", good.but("SALE", why="\u2126"), "canonical"
    yield "accents in the wrong order", good.but("SALE", why="q\u0307\u0323"), "canonical"
    yield "a name that is not ASCII", good.but("SALE", é=1), "canonical"
    yield "2^53", good.but("SALE", mono=_LIMIT), "canonical"
    yield "-2^53", good.but("ADJUST", amt=-_LIMIT), "canonical"
    yield "4,000 digits", sale.replace(b'"bn":7', b'"bn":' + b"7" * 3_000), "canonical"
    yield "a bad spelling of a wrong type", b'{ "t":"NOPE"}', "canonical"


def _members(good: _Good) -> Iterator[Refusal]:
    yield "an empty object", b"{}", "field"
    yield "no version", good.without("SALE", "v"), "field"
    yield "no type", good.without("SALE", "t"), "field"
    yield "no press id", good.without("SALE", "id"), "field"
    yield "an unused field left out", good.without("SALE", "ref_log"), "field"
    yield "an own field left out", good.without("SALE", "energy_mwh"), "field"
    yield "a field of another type", good.but("SALE", sum=100), "field"
    yield "a field of no type", good.but("SALE", note="x"), "field"
    yield "a name in capitals", good.but("SALE", AMT=100), "field"
    yield "FALLBACK without as", good.without("FALLBACK SALE", "as"), "field"
    yield "FALLBACK without the field of the type it stands for", good.without("FALLBACK SETTLE", "paid"), "field"
    yield "FALLBACK with another type's field", good.but("FALLBACK FLOAT", paid=1), "field"
    yield "SALE with as", good.but("SALE", as_="SALE"), "field"
    yield "an unknown field before a bad value", good.but("SALE", note="x", qty=0), "field"
    yield "a later version with a field more", good.but("SALE", v=2, note="x"), "value"


_VALUES = """
SALE: v=2 | v=0 | v='1' | t=GIFT | t=sale | t=1 | t=
FALLBACK SALE: as=VOID | as=FALLBACK | as=TEST | as= | as=1 | photo=0
SALE: site=k | site=Kaya | site=k*25 | site=kaya_est | dev=0123 | dev=0123456789ABCDEF | log= | log=a*31
SALE: seq=0 | seq=-1
SALE: seq='7' | prev=00 | id=g*32 | boot=é*16 | boot=１*16 | bn=0 | mono=-1 | wall=-1 | clk=sundial | clk=0
SALE: clk= | unc=-1
SALE: cur=cfa | cur=XO | cur=XOFF | amt='100' | amt= | pay=cheque | pay= | cash='100' | sum_in=-1
SALE: sum_out=-1 | box=
SALE: op=p*41 | op2=0 | op2=🔋*41 | ref_log=00 | ref=-1 | why=w*201 | svc= | svc=w*25 | svc=télé | qty=0
SALE: qty=-1 | tar=-1
SALE: ticket=🔋*201 | ticket=0 | port=-1 | port= | energy_mwh=-1
GENESIS: act= | pub= | card=0 | board=B*64 | old_log=0*31 | old_seq=-1 | old_hash=0 | seen_seq=-1
GENESIS: seen_hash=0 | old_in=-1
GENESIS: old_out=-1 | old_box=
BOOT: last_boot=- | last_mono=-1
TIME_FIX: fix_src=none | fix_src= | fix_boot= | fix_mono=-1 | fix_utc=0 | fix_unc=-1 | super=-1
TARIFF: tar=0 | from_=-1
DEPOSIT: ticket=t*201 | port=-1 | svc=
SETTLE: paid=0 | paid=-150
REFUND: given=0 | given=-50
FLOAT: sum=0 | sum=-1500
PAYOUT: sum=0
HANDOVER: sum=-300
CASH_COUNT: counted=-1 | change_why=w*201
LOSS: from_=0 | to=0 | lost_log= | lost_in=-1 | lost_out=-1 | lost_cash=
METER: shelf_wh=-1 | sessions=-1
SEAL: num=0 | first=0 | last=0 | root= | prev_seal= | start=-1 | end=-1
NOTE: code= | text=0
TEST: code=a.b | text=t*64
KEY_ROTATE: new_pub= | new_sig=0*64 | new_sig=
"""

_LISTS = """
TARIFF: prices= | prices=; | prices=phone | prices=phone:100; | prices=phone:100;lamp:50
TARIFF: prices=a:1;a:2 | prices=a:-1
TARIFF: prices=a:01 | prices=a:1.5 | prices=a:1:2 | prices=a: | prices=:1
TARIFF: prices=a:b | prices=a:9007199254740992
TARIFF: prices=9:1;10:1 | prices=a:１ | prices=a:99999999999999999999
TARIFF: prices=télé:1 | prices=abcdefghijklmnopqrstuvwxy:1
CASH_COUNT: denoms=50 | denoms=50:-1 | denoms=0:1 | denoms=10:0;5:0 | denoms=5:0;5:0
CASH_COUNT: denoms=x:1 | denoms=05:1
CASH_COUNT: denoms=-5:1 | denoms=1000:0;200:0 | denoms=5:0:0 | denoms=0
SEAL: sums=SALE:1:0 | sums=TEST:1:0:0 | sums=GIFT:1:0:0 | sums=SALE:0:0:0 | sums=SALE:1:-0:0
SEAL: sums=VOID:1:0:0;SALE:1:0:0 | sums=SALE:1:0:0;SALE:1:0:0 | sums=SALE:1:0:0: | sums=0
SEAL: off=2026-09-20 | off=20261301 | off=20260900 | off=20260932 | off=20260921;20260920
SEAL: off=20260920;20260920 | off=0
"""

_AMOUNTS = """
GENESIS: amt=1 | pay=none | amt=1 cash=1
BOOT: amt=1 | cash=1 | pay=cash
TIME_FIX: cash=-1
TARIFF: amt=1
DEPOSIT: amt=100 | pay=free
SALE: amt=-100 cash=-100 | cash=0 | cash=99 | pay=mobile | pay=credit | pay=free cash=0 | pay=none cash=0
SETTLE: amt=150 | cash=0 | paid=149 | pay=mobile | pay=credit cash=0 | pay=free cash=0
REFUND: amt=50 | amt=0 | cash=0 | cash=50 | pay=mobile | pay=none cash=0 | given=49
FLOAT: cash=-1500 | amt=1500 | pay=mobile | cash=0
PAYOUT: cash=5000 | amt=-5000 | pay=none
HANDOVER: cash=300 | pay=mobile | amt=-300
CASH_COUNT: amt=1 | box=1 | counted=3176 | denoms=25:1 | pay=none
FALLBACK SALE: cash=0 | why=counted | amt=-100 cash=-100 | pay=none cash=0
FALLBACK SETTLE: amt=100 | pay=credit cash=0 | cash=0
FALLBACK PAYOUT: cash=40 | cash=0
FALLBACK FLOAT: why=counted | pay=none
FALLBACK HANDOVER: cash=0
LOSS: amt=-700 | cash=-20
METER: cash=1
SEAL: amt=1
NOTE: cash=1 | pay=cash
TEST: amt=1 | pay=cash
KEY_ROTATE: amt=1
"""

_RULES = """
GENESIS: seq=2 | act=0*64 | prev=0*64 | ref=1 ref_log=a*32
SALE: seq=1 | wall=0 | clk=none | ref=1 | ref_log=a*32
BOOT: wall=5 | seq=1
TIME_FIX: super=3 | super=4
DEPOSIT: ref=1
SETTLE: ref=0
VOID: ref=0 | ref=15 | ref=16
REFUND: ref=0
ADJUST: ref=0 | why=
PAYOUT: why=
HANDOVER: op2=
TEST: ref=1
NOTE: ref=0 ref_log=a*32 | ref=35 | ref=99
NOTE: ref=99 ref_log=9ad83a2da6dbd4cf69c63a4cacee5855
FALLBACK SETTLE: ref=0
FALLBACK PAYOUT: why=
FALLBACK HANDOVER: op2=
LOSS: why= | to=2
SEAL: last=32 | last=34 | first=34 | first=2 | num=2 | prev_seal=a*64 | num=2 first=2 | num=2 prev_seal=a*64
SEAL: first=2 prev_seal=a*64 | seq=35 | ref=1
"""
