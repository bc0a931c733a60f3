import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type CollectionConfig, collectionPackage } from '../../../fabric-client/policy.ts';
import { messageOf, UsageError } from '../../base/errors.ts';

/** Where Fabric's samples keep the definition of a chaincode's collections. */
export const COLLECTIONS_FILE = 'collections_config.json';

const count = z.int().min(0);
/** As `peer lifecycle chaincode approveformyorg --collections-config` takes it. */
const schema = z.array(
  z.strictObject({
    name: z.string().min(1),
    policy: z.string().min(1),
    requiredPeerCount: count.optional(),
    maxPeerCount: count.optional(),
    blockToLive: count.optional(),
    memberOnlyRead: z.boolean().optional(),
    memberOnlyWrite: z.boolean().optional(),
    endorsementPolicy: z
      .union([
        z.strictObject({ signaturePolicy: z.string() }),
        z.strictObject({ channelConfigPolicy: z.string() }),
      ])
      .optional(),
  }),
);

/**
 * Reads a file of collections.
 *
 * @throws UsageError with every problem of the file
 */
export function readCollections(file: string): CollectionConfig[] {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError([`collections: ${file}: expected JSON, seen ${messageOf(error)}`]);
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    throw new UsageError(
      parsed.error.issues.map(
        ({ path: at, message }) =>
          `collections: ${file}: ${at.join('.') || 'the file'}: ${message}`,
      ),
    );
  }
  const collections = parsed.data.map(({ endorsementPolicy, ...rest }) => {
    const policy =
      endorsementPolicy &&
      ('signaturePolicy' in endorsementPolicy
        ? endorsementPolicy.signaturePolicy
        : endorsementPolicy.channelConfigPolicy);
    return { ...defined(rest), ...(policy === undefined ? {} : { endorsementPolicy: policy }) };
  });
  try {
    collectionPackage(collections);
  } catch (error) {
    throw new UsageError([`collections: ${file}: ${messageOf(error)}`]);
  }
  return collections;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;

/** A place in the sources where private data is used. */
export interface CollectionUse {
  readonly collection: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

const SOURCES = /\.(go|js|cjs|mjs|ts|java)$/;
const LEFT_OUT =
  /(^|\/)(node_modules|vendor|dist|target|build|test|tests|\.git)(\/|$)|(_test\.go|\.test\.[jt]s|\.d\.ts)$/;
const CALL =
  /\b(?:Put|Get|Del|Purge|put|get|del|purge)PrivateData\w*\(\s*(?:["'`]([^"'`]+)["'`]|([A-Za-z_]\w*))/g;

/**
 * Where a folder's sources name collections, as far as their text tells: by a literal, or by a name that is given one.
 * Collections of a single organisation, which need no definition, are left out.
 */
export function collectionsUsed(folder: string): CollectionUse[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => SOURCES.test(file) && !LEFT_OUT.test(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(path.join(folder, file), 'utf8') }));
  const all = files.map(({ text }) => text).join('\n');
  const uses = files.flatMap(({ file, text }) =>
    [...text.matchAll(CALL)].flatMap((match): CollectionUse[] => {
      const [, literal, name] = match;
      const collection = literal ?? (name && textOf(name, all));
      if (!collection || collection.startsWith('_implicit_org_')) return [];
      return [{ collection, file, line: text.slice(0, match.index).split('\n').length }];
    }),
  );
  return uses.filter(
    ({ collection }, at) => uses.findIndex((use) => use.collection === collection) === at,
  );
}

function textOf(name: string, text: string): string | undefined {
  const given = new RegExp(`\\b${name}\\s*(?::\\s*\\w+\\s*)?:?=\\s*["'\`]([^"'\`]+)["'\`]`).exec(
    text,
  );
  return given?.[1];
}

/** The file of collections in a folder, if it has one. */
export function collectionsFile(folder: string): string | undefined {
  const file = path.join(folder, COLLECTIONS_FILE);
  return existsSync(file) ? file : undefined;
}
