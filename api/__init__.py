"""HTTP: JSON under /api/v1, pages for people under /. Reads what store and office hold; computes no figure."""
