import { patient } from '../base/patience.ts';
import type { HealthCheck, ServiceFile } from './service-definition.ts';

/**
 * Timings of every health check. Each check starts a process in the container, and twenty starting containers that are
 * asked twice a second keep two cores busy with nothing else; so they are asked rarely. No check may kill a component
 * that is merely slow: some scenarios freeze or starve it on purpose, hence the many retries.
 */
const timings = () => ({
  intervalMs: 30_000,
  timeoutMs: patient(20_000),
  retries: 10,
  startPeriodMs: patient(300_000),
});

/** Seconds after its start in which a component counts as healthy although its port is not open yet. */
const GRACE_SECONDS = 20;

/**
 * Healthy once a TCP port accepts connections. Choose a port whose server logs nothing about such a visit.
 */
export function listensOn(port: number): HealthCheck {
  return {
    ...timings(),
    test: ['CMD', 'bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`],
    startIntervalMs: 3_000,
  };
}

/**
 * As {@link listensOn}, for components whose name others need before they serve: a Swarm task is in DNS only while it is
 * healthy, ZooKeeper finds its quorum by names, Kafka's controller its brokers, a peer its database. They count as
 * healthy from the first question on, and must have an open port once the grace is over. The others retry meanwhile.
 *
 * @param visit a bash script to try in place of a bare connection, for servers that log one
 */
export function namedEarly(
  port: number,
  visit = `exec 3<>/dev/tcp/127.0.0.1/${port}`,
): HealthCheck {
  const age = '$(( $(date +%s) - $(stat -c %Y /proc/1) ))';
  return {
    ...timings(),
    test: [
      'CMD',
      'bash',
      '-c',
      `[ ${age} -lt ${Math.round(patient(GRACE_SECONDS))} ] || { ${visit}; }`,
    ],
    startIntervalMs: 250,
  };
}

export function config(path: string, content: string | Uint8Array): ServiceFile {
  return { path, content, secret: false, mode: 0o444 };
}

/** @param mode 0400 unless the program drops root before it reads the file */
export function secret(path: string, content: string, mode = 0o400): ServiceFile {
  return { path, content, secret: true, mode };
}

/** Ports that the machine publishes: the topology's host port by the port's name, the container's from the kind. */
export function published<T extends Readonly<Record<string, number>>>(
  container: T,
  host: Readonly<Partial<Record<keyof T, number | undefined>>>,
): { host: number; container: number }[] {
  return Object.entries(container).flatMap(([name, port]) => {
    const at = host[name as keyof T];
    return at === undefined ? [] : { host: at, container: port };
  });
}

/** The member of a record, or an error that says what is missing. */
export function required<T>(record: Readonly<Record<string, T>>, key: string, what: string): T {
  const value = record[key];
  if (value === undefined) {
    throw new Error(`${what}: expected ${key}, saw ${Object.keys(record).join(', ') || 'none'}`);
  }
  return value;
}

/** A named volume of a component: `peer0.org1`'s ledger is `peer0-org1-ledger`. */
export function volume(component: string, purpose: string, path: string) {
  return { name: `${component.replaceAll('.', '-')}-${purpose}`, path };
}
