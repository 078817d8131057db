"""The command-line tool ``datalab``."""
