#!/bin/sh
# deploy/build.sh DIR makes a release in DIR: the code, its pinned packages, the compiled engines,
# the static files under hashed names.
# Needs Python 3.11, make and a C compiler. Run as root, so that the exchange cannot change its code.
set -eu

[ $# -eq 1 ] || { echo "usage: deploy/build.sh DIR" >&2; exit 2; }
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)

if [ "$target" != "$source" ]; then
    tar -C "$source" --exclude=__pycache__ -cf - \
        agents deploy docs market news requirements sec static templates wallstreetsim webhooks \
        Makefile Procfile README.md manage.py pyproject.toml | tar -C "$target" -xf -
fi
unset WSS_ENGINE_DIR # the engines belong into the release
make -C "$target" compile
rm -rf "$target/collected" # static files, under hashed names and compressed
mkdir "$target/collected"
SECRET_KEY=none "$target/.venv/bin/python" "$target/manage.py" collectstatic --noinput --verbosity 0
"$target/.venv/bin/python" -m compileall -q -j 0 -x '/\.venv/' "$target"
echo "The release is in $target."
