import { type Finding, renderValue } from './problems.ts';
import { isMapping, type Path, type RawFile } from './raw-file.ts';
import { FABRIC_RELEASES, ORDERING_TYPES, parseDuration } from './schema.ts';

/** What each ordering service needs of a topology, and why it cannot have the rest. */
const SERVICES = {
  kafka: {
    releases: ['2.5.9'],
    because: 'Fabric 3 removed ordering by Kafka',
    sections: [['kafka'], ['zookeeper'], ['ordering', 'systemChannel']],
    leastOrderers: 1,
    atLeast: '',
  },
  raft: {
    releases: FABRIC_RELEASES,
    because: '',
    sections: [['ordering', 'raft']],
    leastOrderers: 1,
    atLeast: '',
  },
  bft: {
    releases: ['3.1.1'],
    because: 'BFT came with Fabric 3',
    sections: [['ordering', 'bft']],
    leastOrderers: 4,
    atLeast: 'so that one of them may be faulty (n = 3f + 1)',
  },
} as const satisfies Record<(typeof ORDERING_TYPES)[number], unknown>;

/** Sections that only some services have, and whose they are. */
const SECTIONS: readonly { readonly path: Path; readonly of: string; readonly why: string }[] = [
  { path: ['kafka'], of: 'kafka', why: 'no brokers' },
  { path: ['zookeeper'], of: 'kafka', why: 'no ZooKeeper' },
  { path: ['ordering', 'systemChannel'], of: 'kafka', why: 'no system channel' },
  { path: ['ordering', 'raft'], of: 'raft', why: 'no Raft options' },
  { path: ['ordering', 'bft'], of: 'bft', why: 'no BFT options' },
];

/** Whether the ordering service, Fabric's release and the sections of the file fit each other. */
export function checkOrdering(file: RawFile): Finding[] {
  const type = file.at('ordering', 'type') ?? 'kafka';
  const release = file.at('ordering', 'fabric') ?? '2.5.9';
  if (!isOneOf(ORDERING_TYPES, type) || !isMapping(file.at('ordering'))) return [];
  const { releases, because, sections, leastOrderers, atLeast } = SERVICES[type];
  const findings: Finding[] = [];
  if (isOneOf(FABRIC_RELEASES, release) && !isOneOf(releases, release)) {
    findings.push({
      path: ['ordering', file.at('ordering', 'fabric') === undefined ? 'type' : 'fabric'],
      expected: `${releases.join(' or ')} with ordering type ${type}: ${because}`,
      seen: release,
    });
  }
  for (const path of sections) {
    if (file.at(...path) !== undefined) continue;
    findings.push({ path, expected: `a value, with ordering type ${type}`, seen: 'nothing' });
  }
  for (const { path, of, why } of SECTIONS) {
    if (of === type || file.at(...path) === undefined) continue;
    findings.push({
      path,
      expected: `to be absent: ordering type ${type} has ${why}`,
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
  findings.push(...checkTimeouts(file));
  const unreachable = type === 'kafka' ? [] : orderers;
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

/** SmartBFT refuses options in which a later time-out is shorter than an earlier one (`Configuration.Validate`). */
function checkTimeouts(file: RawFile): Finding[] {
  const rules = [
    ['requestForwardTimeout', 'requestComplainTimeout'],
    ['requestComplainTimeout', 'requestAutoRemoveTimeout'],
    ['viewChangeResendInterval', 'viewChangeTimeout'],
  ] as const;
  return rules.flatMap(([shorter, longer]) => {
    const [least, most] = [shorter, longer].map((key) =>
      parseDuration(file.at('ordering', 'bft', key)),
    );
    if (least === undefined || most === undefined || least <= most) return [];
    return [
      {
        path: ['ordering', 'bft', shorter],
        expected: `at most ${longer} (${most} ms)`,
        seen: `${least} ms`,
      },
    ];
  });
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}
