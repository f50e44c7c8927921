#!/bin/sh
# Measures this machine for the profiles in device-profiles/. Close other programs first: it takes two to four minutes,
# and every profile says how noisy the machine was and how well the profile predicts subnets it has not seen.
set -e
cd "$(dirname "$0")/../.."
npx tsc -b exporter
measure() {
  node exporter/bin/easel.js profile --space "$1" --threads "$2" --out "device-profiles/new.json"
  name=$(node -p "JSON.parse(require('fs').readFileSync('device-profiles/new.json', 'utf8')).name")
  mv device-profiles/new.json "device-profiles/$name.json"
}
measure mobile-32 1
measure mobile-32 2
measure tiny-32 1
measure tiny-32 2
npx biome check --write device-profiles
