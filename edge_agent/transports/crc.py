"""The CRC-16 that Modbus RTU and the charging board's frames share. Knows no frame."""

from __future__ import annotations


def crc16(body: bytes) -> int:
    """CRC-16/MODBUS: polynomial 0xA001 reflected, start 0xFFFF, no final exclusive-or; `123456789` gives 0x4B37."""
    crc = 0xFFFF
    for byte in body:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def _crc_of_byte(byte: int) -> int:
    for _bit in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC_TABLE = tuple(map(_crc_of_byte, range(256)))
