/** A `FROM` of a Dockerfile, or another instruction that takes files from an image. */
export interface ParentImage {
  /** Address with every `ARG` filled in. */
  readonly image: string;
  /** E.g. `stage "builder"` or `COPY --from`. */
  readonly where: string;
  /** Counted from 1. */
  readonly line: number;
}

interface Instruction {
  readonly line: number;
  readonly name: string;
  readonly text: string;
}

/**
 * The images that a Dockerfile stands on: neither `scratch` nor stages of its own.
 *
 * @param args values of build arguments that are given from outside; they win over defaults
 */
export function parentImages(
  dockerfile: string,
  args: Readonly<Record<string, string>>,
): ParentImage[] {
  const known: Record<string, string> = {};
  const stages = new Set<string>(['scratch']);
  const parents: ParentImage[] = [];
  const add = (image: string, where: string, line: number) => {
    const filled = fill(image, known);
    if (stages.has(filled.toLowerCase()) || /^\d+$/.test(filled) || filled === '') return;
    parents.push({ image: filled, where, line });
  };
  for (const { line, name, text } of instructions(dockerfile)) {
    if (name === 'ARG' && parents.length + stages.size === 1) {
      for (const [, key = '', fallback = ''] of text.matchAll(
        /(\w+)(?:=("[^"]*"|'[^']*'|\S*))?/g,
      )) {
        known[key] = args[key] ?? fill(fallback.replace(/^(["'])(.*)\1$/, '$2'), known);
      }
    } else if (name === 'FROM') {
      const [, image = '', stage] = /^(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?/i.exec(text) ?? [];
      add(image, stage ? `stage "${stage}"` : `stage ${stages.size}`, line);
      stages.add((stage ?? `#${stages.size}`).toLowerCase());
    } else {
      for (const [, image = ''] of text.matchAll(/--from=(\S+)/g)) add(image, name, line);
      for (const [, image = ''] of text.matchAll(/--mount=\S*?\bfrom=([^,\s]+)/g))
        add(image, name, line);
    }
  }
  return parents;
}

/**
 * The Dockerfile for a builder that has the frontend built in: a `# syntax=` line would have it fetch the same one from
 * a public registry. A line that names another frontend stays.
 */
export function withoutSyntaxLine(dockerfile: string): string {
  return dockerfile.replace(
    /^#\s*syntax\s*=\s*(?:docker\.io\/)?docker\/dockerfile:1(?:\.\d+)*\s*$/im,
    '#',
  );
}

/** Whether a Dockerfile declares a build argument before its first stage. */
export function wantsArgument(dockerfile: string, argument: string): boolean {
  for (const { name, text } of instructions(dockerfile)) {
    if (name === 'FROM') return false;
    if (name === 'ARG' && new RegExp(`(^|\\s)${argument}(=|\\s|$)`).test(text)) return true;
  }
  return false;
}

/** Instructions with their continued lines, without comments and without the bodies of here-documents. */
function* instructions(dockerfile: string): Generator<Instruction> {
  const lines = dockerfile.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = index + 1;
    let text = lines[index] ?? '';
    if (/^\s*(#|$)/.test(text)) continue;
    while (/\\\s*$/.test(text) && index + 1 < lines.length) {
      index += 1;
      const next = lines[index] ?? '';
      text = text.replace(/\\\s*$/, ' ') + (/^\s*#/.test(next) ? '\\' : next);
    }
    for (const [, end = ''] of text.matchAll(/<<-?\s*["']?(\w+)["']?/g)) {
      while (index + 1 < lines.length && lines[index + 1]?.trim() !== end) index += 1;
      index += 1;
    }
    const [, name = '', rest = ''] = /^\s*(\w+)\s*(.*)$/s.exec(text) ?? [];
    yield { line, name: name.toUpperCase(), text: rest };
  }
}

/** Fills `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`. */
function fill(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (_, plain?: string, name?: string, kind?: string, word = '') => {
      const value = known[plain ?? name ?? ''] ?? '';
      if (kind === '-') return value || word;
      if (kind === '+') return value ? word : '';
      return value;
    },
  );
}
