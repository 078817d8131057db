"""Attempts from inside a container: functions without outer names but ``tried``, whose source is run there.

Each returns what was tried and what of it worked, as ``{"tried": [...], "done": [...]}``: words of ours, never a value
from data. Nothing that was tried may work, and an attempt that tried nothing has proved nothing.
"""
