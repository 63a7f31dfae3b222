"""The only room that knows SQL or a readings store: tables, migrations, one module of queries a subject. Knows no rule.

Functions take a Connection first and give frozen dataclasses back. What a record or a block means, and what is to be
done about it, is decided by ingest and office.
"""
