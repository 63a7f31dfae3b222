"""What a table of registers says of a Modbus device, and how words become values. Knows no line and no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.drivers.scaling import scaled
from edge_agent.transports.modbus_frames import Answer, Request, read_request
from kiosk.metric import CATALOGUE

Words = Mapping[tuple[int, int], int]
"""(function, address) -> word, of what has been read."""
BLOCK_MAX = 64
"""Words asked for at once; more than any device's table here, and within what small devices answer."""


@dataclass(frozen=True, slots=True)
class Form:
    """How so many neighbouring words are one number."""

    words: int
    number: Callable[[tuple[int, ...]], int | None]
    """None where the words say that there is nothing to say."""


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number


U16 = Form(1, lambda words: words[0])
S16 = Form(1, lambda words: _signed(words[0], 16))
HIGH_BYTE = Form(1, lambda words: words[0] >> 8)
LOW_BYTE = Form(1, lambda words: words[0] & 0xFF)
U32_HIGH_FIRST = Form(2, lambda words: words[0] << 16 | words[1])
U32_LOW_FIRST = Form(2, lambda words: words[1] << 16 | words[0])
S32_HIGH_FIRST = Form(2, lambda words: _signed(words[0] << 16 | words[1], 32))
S32_LOW_FIRST = Form(2, lambda words: _signed(words[1] << 16 | words[0], 32))


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a device: number x times / per, in the unit that ends its name."""

    name: str
    """A metric of the catalogue; in Profile.shown any name."""
    address: int
    form: Form = U16
    per: int = 1
    times: int = 1
    function: int = 4

    def number(self, words: Words) -> int | None:
        """The form's number; None if not all of its words have been read."""
        found = []
        for address in range(self.address, self.address + self.form.words):
            word = words.get((self.function, address))
            if word is None:
                return None
            found.append(word)
        return self.form.number(tuple(found))

    def scaled(self, number: int) -> int:
        """In the metric's resolution, however implausible: what lies is flagged, not hidden."""
        return scaled(number, self.times * 10 ** CATALOGUE[self.name].decimals, self.per)


@dataclass(frozen=True, slots=True)
class Text:
    """Words that are read as a text, such as a clock or a model; for looking at, never in rows."""

    name: str
    address: int
    words: int
    text: Callable[[tuple[int, ...]], str]
    function: int = 4


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring words read in one request, so that a 32-bit value is of one instant."""

    start: int
    count: int
    function: int = 4

    def request(self, slave: int) -> Request:
        """Asks for exactly this block."""
        return read_request(slave, self.function, self.start, self.count)

    def words(self, answer: Answer) -> dict[tuple[int, int], int]:
        """The answer's words by function and address."""
        return {(self.function, self.start + offset): word for offset, word in enumerate(answer.words)}

    def holds(self, register: Register) -> bool:
        """Whether all words of a register are in it."""
        last = register.address + register.form.words
        return register.function == self.function and self.start <= register.address and last <= self.start + self.count


@dataclass(frozen=True, slots=True)
class Identity:
    """How a device tells its serial number."""

    request: Callable[[int], Request]
    """For a slave's address."""
    serial: Callable[[Answer], str]
    """As the device says it; "" if it does not."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A Modbus device: what to ask, and what the words mean."""

    driver_name: str
    baud: int
    registers: tuple[Register, ...]
    """Of rows. Where a name comes twice, the last one that was read counts."""
    blocks: tuple[Block, ...]
    identity: Identity | None = None
    address: int = 1
    """What the maker sets."""
    stop_bits: int = 1
    shown: tuple[Register, ...] = ()
    """For looking at recorded bytes only."""
    texts: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a register that no single request reads: half of it would be of another instant."""
        for register in self.registers:
            if not any(block.holds(register) for block in self.blocks):
                raise ValueError(
                    f"{self.driver_name}: no block holds all of {register.name} at 0x{register.address:04X}"
                )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names in schema order."""
        return tuple(dict.fromkeys(register.name for register in self.registers))

    def values(self, words: Words) -> dict[str, int]:
        """Metric -> integer in its resolution, of what was read."""
        found = {}
        for register in self.registers:
            number = register.number(words)
            if number is not None:
                found[register.name] = register.scaled(number)
        return {name: found[name] for name in self.metrics if name in found}


def blocks_of(registers: tuple[Register, ...]) -> tuple[Block, ...]:
    """The fewest blocks that read every register whole and nothing between them: a gap may not be readable."""
    spans = sorted((each.function, each.address, each.address + each.form.words) for each in registers)
    blocks: list[Block] = []
    for function, start, end in spans:
        last = blocks[-1] if blocks else None
        reaches = last is not None and last.function == function and start <= last.start + last.count
        if last is not None and reaches and end - last.start <= BLOCK_MAX:
            blocks[-1] = Block(last.start, max(last.count, end - last.start), function)
        else:
            blocks.append(Block(start, end - start, function))
    return tuple(blocks)


def ascii_text(words: tuple[int, ...]) -> str:
    """Two characters a word, high byte first; filling and line ends are cut off."""
    raw = b"".join(word.to_bytes(2, "big") for word in words)
    return raw.decode("ascii", "replace").strip("\0 \r\n\t")
