/* test_pages.mjs - starts a Pedel of its own with one customer in it, and lets run.mjs open every page of pages.json. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
const here = dirname(fileURLToPath(import.meta.url));
const done = spawnSync('python3', [`${here}/serve.py`, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(done.status ?? 1);
