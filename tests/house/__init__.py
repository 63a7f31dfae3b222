"""House rules that no linter knows, as tests."""
