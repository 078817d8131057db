"""Requests of the API: what a person may send, by what it is about."""
