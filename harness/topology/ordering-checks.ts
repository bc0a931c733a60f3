import { type Problem, renderValue } from './problems.ts';
import { isMapping, type RawFile } from './raw-file.ts';
import { ORDERING_TYPES, SERVICES } from './services/index.ts';
import { FABRIC_RELEASES } from './services/needs.ts';
import { inOrder, sizeAt } from './sizes.ts';

/** Whether the ordering service, Fabric's release and the sections of the file fit each other. */
export function checkOrdering(file: RawFile): Problem[] {
  const type = file.at('ordering', 'type') ?? 'kafka';
  const release = file.at('ordering', 'fabric') ?? '2.5.9';
  if (!isOneOf(ORDERING_TYPES, type) || !isMapping(file.at('ordering'))) return [];
  const { releases, because, sections, leastOrderers, atLeast, adminPort } = SERVICES[type];
  const findings: Problem[] = [];
  if (isOneOf(FABRIC_RELEASES, release) && !isOneOf(releases, release)) {
    findings.push({
      path: ['ordering', file.at('ordering', 'fabric') === undefined ? 'type' : 'fabric'],
      expected: `${releases.join(' or ')} with ordering type ${type}: ${because}`,
      seen: release,
    });
  }
  for (const { path } of sections) {
    if (file.at(...path) !== undefined) continue;
    findings.push({ path, expected: `a value, with ordering type ${type}`, seen: 'nothing' });
  }
  const others = Object.entries(SERVICES).flatMap(([of, needs]) =>
    of === type ? [] : needs.sections,
  );
  for (const { path, none } of others) {
    if (file.at(...path) === undefined) continue;
    findings.push({
      path,
      expected: `to be absent: ordering type ${type} has ${none}`,
      seen: renderValue(file.at(...path)),
    });
  }
  const orderers = file.entries('ordering', 'orderers');
  if (orderers.length > 0 && orderers.length < leastOrderers) {
    findings.push({
      path: ['ordering', 'orderers'],
      expected: `at least ${leastOrderers} with ordering type ${type}, ${atLeast}`,
      seen: String(orderers.length),
    });
  }
  const unreachable = adminPort ? orderers : [];
  for (const path of unreachable) {
    const ports = file.at(...path, 'ports');
    if (!isMapping(ports) || ports.admin !== undefined) continue;
    findings.push({
      path: [...path, 'ports', 'admin'],
      expected: `a port with ordering type ${type}, by which the orderer is told of channels`,
      seen: 'nothing',
    });
  }
  return findings;
}

/** Whether the values of each service's sections fit each other, and those of the batches. */
export function checkOrderingValues(file: RawFile): Problem[] {
  const [preferred, absolute] = ['preferredMaxBytes', 'absoluteMaxBytes'].map((key) =>
    sizeAt(file, ['ordering', 'batch', key]),
  );
  return [
    ...(preferred && absolute ? inOrder([[preferred, 'at most', absolute]]) : []),
    ...Object.values(SERVICES).flatMap((needs) => needs.check(file)),
  ];
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}
