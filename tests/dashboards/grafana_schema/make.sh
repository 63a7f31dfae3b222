#!/bin/bash
# Writes board.schema.json from the types of one Grafana release: tests/dashboards/grafana_schema/make.sh
# Needs node and npm; nothing of them stays in the repository. The versions are the pin.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-save --ignore-scripts \
    @grafana/schema@13.2.3 ts-json-schema-generator@2.4.0
cp "$here/board.ts" .
echo '{"compilerOptions":{"strict":true,"moduleResolution":"node","skipLibCheck":true},"files":["board.ts"]}' >tsconfig.json
npx ts-json-schema-generator --path board.ts --type Board --tsconfig tsconfig.json --jsDoc none --minify -o board.schema.json
mv board.schema.json "$here/board.schema.json"
