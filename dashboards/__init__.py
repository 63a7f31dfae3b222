"""Grafana boards and their provisioning. Not written yet: the pages of the server show what there is to see."""
