# Runs inside the build container, as root and without network, after set-up put code and settings in their places.
# Argument: the time that every file gets, so that the same inputs give the same layer.
set -eu
PYTHONPATH='' /opt/datalab/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/datalab/lib
rm -rf /build
find /opt/datalab/lib /opt/datalab/languages -exec touch --no-dereference --date="@$1" {} +
chmod 755 /usr/local/bin/datalab
touch --date="@$1" / /opt /opt/datalab /usr/local/bin /usr/local/bin/datalab
