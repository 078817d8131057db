"""``python3 -m hub.setup COMMAND``: what ``make`` calls before there is an environment."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one module that an older Python must be able to read
    sys.exit("The lab needs Python 3.11 or newer. To mend it: PYTHON=<python 3.11 or newer> make setup")

from hub.setup.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
