"""Money: the only signer. Every record is on the disk before anybody is told so. Knows no driver and no link."""
