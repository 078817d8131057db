"""The lab's processes: what is started, kept running, watched and ended on one machine.

``control`` starts and stops; ``programs`` says what runs; ``supervisor`` talks to supervisord; ``records`` knows a
process again by its number and start time; ``preflight`` finds in one pass all that would keep the lab from starting.
"""

from hub.adapters.processes.control import Status, log_files, prepare, start, status, stop
from hub.adapters.processes.programs import Program, lab_programs, passed_on, wrapped

__all__ = [
    "Program",
    "Status",
    "lab_programs",
    "log_files",
    "passed_on",
    "prepare",
    "start",
    "status",
    "stop",
    "wrapped",
]
