"""The detector as a page and as a service for other programs: ``facialis serve``."""
