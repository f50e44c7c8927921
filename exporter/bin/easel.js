#!/usr/bin/env node
// A file that is there before anything is built, so that `npm ci` links the command in a fresh checkout.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main);
else {
  console.error('error: this checkout of Easel is not built yet; run: npm run build');
  process.exitCode = 1;
}
