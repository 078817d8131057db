# Runs inside the build container, as root and without network, over what set-up put into /build.
# Argument: the time that every file gets, so that the same inputs give the same layer.
set -eu
cd /build

python3 -m zipfile -e wheels/uv-*.whl uv
uv=$(echo uv/uv-*.data/scripts/uv)
chmod +x "$uv"
export UV_NO_CACHE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_OFFLINE=1

# As `python3 -m venv` and `pip install` would leave it: all files, compiled, and each compared with its source when it
# is imported.
"$uv" venv --quiet --python "$(command -v python3)" /opt/venv
"$uv" pip install --quiet --python /opt/venv/bin/python --no-index --find-links wheels --no-deps --require-hashes \
    --compile-bytecode --requirement requirements.lock

echo 'jovyan:x:1000:100::/home/jovyan:/bin/sh' >> /etc/passwd
mkdir --mode=0755 /home/jovyan
chown 1000:100 /home/jovyan
cd /
rm -rf /build
