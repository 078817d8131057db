"""Readers of foreign files; they run only inside the reader's container."""
