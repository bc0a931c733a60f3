import type { Problem } from '../problems.ts';
import type { Path, RawFile } from '../raw-file.ts';

/** Releases of Fabric for which an image can be built. */
export const FABRIC_RELEASES = ['2.5.9', '3.1.1'] as const;
export type FabricRelease = (typeof FABRIC_RELEASES)[number];

/** What an ordering service needs of a topology file, and why it cannot have the rest. */
export interface OrderingNeeds {
  /** Releases of Fabric that have it, and why no other does. */
  readonly releases: readonly FabricRelease[];
  readonly because: string;
  /** Sections that only it has, and what another service says of them. */
  readonly sections: readonly { readonly path: Path; readonly none: string }[];
  readonly leastOrderers: number;
  /** Why. */
  readonly atLeast: string;
  /** Whether orderers are told of channels, each by a port of its own. */
  readonly adminPort: boolean;
  /** How the values of its sections must fit each other. */
  check(file: RawFile): Problem[];
}
