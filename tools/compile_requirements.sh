#!/usr/bin/env bash
# Writes requirements/*.txt from pyproject.toml: exact versions with the hashes of every wheel, for all platforms and
# for CPython 3.11 and newer. Each file is complete for its purpose: agent < server < demo < dev.
# Usage: tools/compile_requirements.sh [--upgrade]     (UV=/path/to/uv to use another uv)
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-$( [ -x .venv/bin/uv ] && echo .venv/bin/uv || command -v uv)} || {
    echo "uv not found: run 'make venv' first, or pip install uv" >&2
    exit 1
}

compile() { # compile OUTPUT ARGUMENTS...
    local output=$1
    shift
    echo "requirements/$output"
    # No header, no index address: the files must say the same wherever they were compiled.
    "$uv" pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
        --python-version 3.11 --output-file "requirements/$output" "$@" >/dev/null
}

# The widest set first: the smaller ones then take its versions, so that one environment can hold them all.
compile dev.txt --extra server --extra demo --extra dev "$@" pyproject.toml
compile demo.txt --extra server --extra demo --constraint requirements/dev.txt pyproject.toml
compile server.txt --extra server --constraint requirements/dev.txt pyproject.toml
compile agent.txt --constraint requirements/dev.txt pyproject.toml
compile build.txt --constraint requirements/dev.txt requirements/build.in
# The server's too: the types of what it imports decide what is compiled.
compile build-compiled.txt --extra server --constraint requirements/dev.txt requirements/build-compiled.in pyproject.toml
