import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import { crossCheck } from './checks.ts';
import {
  findingsOf,
  type Problem,
  renderPath,
  TopologyError,
  type TopologyProblem,
} from './problems.ts';
import { keysAt, type Topology, topologySchema } from './schema.ts';

/**
 * Reads and validates a topology file.
 *
 * @param path of a YAML file, as it shall stand in messages
 * @throws TopologyError with every problem of the file, each with line, key, expectation and what was seen
 */
export function loadTopology(path: string): Topology {
  return parseTopology(readTopologyFile(path), path);
}

function readTopologyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    throw new TopologyError(path, [
      { file: path, line: 1, keyPath: '', expected: 'a readable topology file', seen },
    ]);
  }
}

/** As `loadTopology`, for text in memory. `file` is only used in messages. */
export function parseTopology(text: string, file: string): Topology {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new TopologyError(
      file,
      document.errors.map((error) => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        keyPath: '',
        expected: 'well-formed YAML',
        seen: error.message,
      })),
    );
  }
  const data: unknown = document.toJS();
  const result = topologySchema.safeParse(data);
  const findings = [
    ...(result.success ? [] : findingsOf(result.error, data, keysAt)),
    ...crossCheck(data),
  ];
  if (result.success && findings.length === 0) {
    return result.data;
  }
  const problems = findings.map((finding) => locate(finding, file, document, lines));
  problems.sort((a, b) => a.line - b.line);
  throw new TopologyError(file, problems);
}

function locate(
  { path, expected, seen }: Problem,
  file: string,
  document: Document,
  lines: LineCounter,
): TopologyProblem {
  const line = lines.linePos(offsetOf(document, path)).line;
  return { file, line, keyPath: renderPath(path), expected, seen };
}

/** Where a key stands; for a missing one, where the object that lacks it stands. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  if (path.length === 0) {
    return document.contents?.range?.[0] ?? 0;
  }
  const parentPath = path.slice(0, -1);
  const parent = parentPath.length === 0 ? document.contents : document.getIn(parentPath, true);
  const key = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(
      (item) => isPair(item) && isNode(item.key) && String(item.key) === String(key),
    );
    if (isNode(pair?.key) && pair.key.range) {
      return pair.key.range[0];
    }
  } else {
    const node = document.getIn(path, true);
    if (isNode(node) && node.range) {
      return node.range[0];
    }
  }
  return offsetOf(document, parentPath);
}
