"""Grafana boards made from the catalogues of metrics and figures, and their push. Knows kiosk's names, no server."""
