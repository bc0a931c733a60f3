#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { run } from './run.js';

await run(fileURLToPath(new URL('./main.ts', import.meta.url)), process.argv.slice(2));
