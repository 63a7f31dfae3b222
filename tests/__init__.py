"""Tests mirror the packages; integration/ and end_to_end/ cross them."""
