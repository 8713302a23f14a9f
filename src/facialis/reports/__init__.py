"""Findings and results become pages, tables and figures."""
