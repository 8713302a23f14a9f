"""Faces in which palsy is the only difference between the groups."""
