"""Pages for people with old phones: rendered here, one request a page, no script."""
