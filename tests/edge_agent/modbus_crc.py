"""Modbus frames for tests, with a CRC computed bit by bit from the standard's text and not by the code under test."""

from __future__ import annotations


def crc_of(content: bytes) -> int:
    """The register is shifted right once for each bit; 0xA001 is applied when a 1 falls out."""
    crc = 0xFFFF
    for byte in content:
        crc ^= byte
        for _bit in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def framed(text: str) -> bytes:
    """Hexadecimal digits to a frame with its CRC, low byte first."""
    content = bytes.fromhex(text)
    return content + crc_of(content).to_bytes(2, "little")


def words_reply(slave: int, function: int, *words: int) -> bytes:
    """What a slave says to a read of so many registers."""
    body = b"".join(word.to_bytes(2, "big") for word in words)
    return framed(bytes((slave, function, len(body))).hex() + body.hex())
