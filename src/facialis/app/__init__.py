"""The command line: thin, over detection, studies and reports."""
