"""The doctor: tries on this machine, now, whether each promise of the lab holds, and says what it saw.

``inside`` are attempts that run in throw-away containers; ``attacks`` is their table; ``scene`` makes the containers
as the lab makes them, on own data; the other modules try what is not a matter of containers; ``examine`` tries all.
"""
