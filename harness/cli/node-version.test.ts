import { readFileSync } from 'node:fs';
import path from 'node:path';
import semver from 'semver';
import { projectFolder } from '../base/project.ts';

interface Package {
  readonly engines?: { readonly node?: string };
}

const read = (file: string) => JSON.parse(readFileSync(path.join(projectFolder, file), 'utf8'));

it('every locked package is supported by the oldest Node that may install it', () => {
  const { engines } = read('package.json') as { engines: { node: string } };
  const oldest = semver.minVersion(engines.node);
  const { packages } = read('package-lock.json') as { packages: Record<string, Package> };
  // Its last release: a package that wants a certain minor version of it gets that.
  const last = `${oldest?.major}.999.0`;
  const unsupported = Object.entries(packages).filter(
    ([, { engines }]) => engines?.node && !semver.satisfies(last, engines.node),
  );
  expect(unsupported.map(([name, { engines }]) => `${name}: ${engines?.node}`)).toEqual([]);
});
