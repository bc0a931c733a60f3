import { html, type Markup } from './markup.ts';

/** A file of the run, for a link that works from the run's folder. */
export interface FileLink {
  /** Relative to the run's folder, with `/`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** `812 B`, `4.1 kB`, `12 MB`. */
function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const [value, unit] = size < 1e6 ? [size / 1e3, 'kB'] : [size / 1e6, 'MB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/**
 * Links by folder; a folder with a hundred logs stays one line until it is opened.
 *
 * @param base folder that the reader knows about, and that is therefore left out of the names
 */
export function fileList(files: readonly FileLink[], base = ''): Markup {
  const shown = (folder: string) =>
    (folder.startsWith(`${base}/`) ? folder.slice(base.length + 1) : folder) || './';
  const folders = Map.groupBy(files, ({ path }) => path.slice(0, path.lastIndexOf('/') + 1));
  const items = (list: readonly FileLink[]) =>
    list.map(
      ({ path, size }) =>
        html`<li><a href="${path.split('/').map(encodeURIComponent).join('/')}">${path.slice(path.lastIndexOf('/') + 1)}</a> <small>${bytes(size)}</small></li>`,
    );
  return html`${[...folders].map(([folder, list]) =>
    list.length > 6
      ? html`<details class="files"><summary><code>${shown(folder)}</code> ${list.length} files</summary><ul>${items(list)}</ul></details>`
      : html`<div class="files"><code>${shown(folder)}</code><ul>${items(list)}</ul></div>`,
  )}`;
}
