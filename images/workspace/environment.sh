# Runs inside the build container, as root and without network, over what set-up put into /build.
# Argument: the time that every file gets, so that the same inputs give the same layer.
set -eu
cd /build

# uv's wheel holds the program itself, so that the base needs neither pip nor ensurepip.
python3 -m zipfile -e wheels/uv-*.whl uv
uv=$(echo uv/uv-*.data/scripts/uv)
chmod +x "$uv"
export UV_NO_CACHE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_OFFLINE=1

venv=/opt/datalab/venv
"$uv" venv --quiet --python "$(command -v python3)" "$venv"
"$uv" pip install --quiet --python "$venv/bin/python" --no-index --find-links wheels --no-deps --require-hashes \
    --requirement requirements.lock
python3 prune.py "$venv"
# Compiled code that is never compared with its source: the image cannot change, and the comparison costs time at every start.
"$venv/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$venv/lib"

# For a base image that is not ours: no program in it may run as somebody else.
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
cd /
rm -rf /build
find /opt -exec touch --no-dereference --date="@$1" {} +
touch --date="@$1" / /tmp
