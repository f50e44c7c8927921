#!/bin/sh
# Measures this machine for the profiles in device-profiles/. Close other programs first: it takes three minutes, and with
# Chromium (sh exporter/scripts/measure-profiles.sh --browser) five more. Every profile says how noisy the machine was and
# how well the profile predicts subnets it has not seen.
set -e
cd "$(dirname "$0")/../.."
npx tsc -b exporter
node exporter/bin/easel.js profile --space mobile-32 --threads 1,2 --out device-profiles
node exporter/bin/easel.js profile --space mobile-64 --threads 1,2 --out device-profiles
node exporter/bin/easel.js profile --space tiny-32 --threads 1,2 --out device-profiles
if [ "$1" = --browser ]; then
  node exporter/bin/easel.js profile --space mobile-32 --browser --threads 1,2 --out device-profiles
fi
npx biome check --write device-profiles
