import path from 'node:path';

/** The project's own folder. */
export const projectFolder = path.resolve(import.meta.dirname, '../..');
