import { writeFileSync } from 'node:fs';
import { resultsJsonSchema } from './schema.ts';

/** Writes `results.schema.json` beside this file; a test says when that is due. */
writeFileSync(
  new URL('./results.schema.json', import.meta.url),
  `${JSON.stringify(resultsJsonSchema(), null, 2)}\n`,
);
