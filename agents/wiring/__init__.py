"""Builds the real worker processes, one file each, so that a process loads no other's libraries."""
