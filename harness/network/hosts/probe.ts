import type Docker from 'dockerode';
import { messageOf } from '../../base/errors.ts';
import { waitFor } from '../../base/wait.ts';
import { outerMtu } from '../../engine/outer-mtu.ts';
import { execIn } from '../../swarm/docker-api.ts';
import type { Host } from './hosts.ts';
import { labelsOf } from './names.ts';

/** What only a look from inside tells of a host. */
export interface HostFacts {
  readonly freeDiskBytes: number;
  readonly availableMemoryBytes: number;
  /** TCP ports on which something listens. */
  readonly listening: ReadonlySet<number>;
  /** Bytes of the largest packet on the way out. */
  readonly mtu: number;
  /** Milliseconds that its clock is ahead of this host's. */
  readonly clockMs: number;
  /** Other hosts, `address:port`, that take no connection on a port of the Swarm's own. */
  readonly unreached: readonly string[];
}

/** Whether packets of the overlay go from one host to another. */
export interface OverlayFact {
  readonly from: number;
  readonly to: number;
  /** What was seen instead. */
  readonly failure?: string;
}

/** Ports on which the Swarm itself listens. */
const GOSSIP = 7946;
const MANAGER = 2377;
const CONNECT_SECONDS = 3;
/** Bytes that do not fit into one packet. */
const BIG = 262_144;
/** The probes' own port on the overlay. */
const PORT = 5000;

const LOOK = `
echo disk $(df -B1 --output=avail /data | tail -n 1)
echo memory $(awk '/^MemAvailable/ { print $2 * 1024 }' /proc/meminfo)
for p in $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' | sort -u); do
  echo port $((16#$p))
done
for d in /sys/class/net/*; do echo mtu "\${d##*/}" $(cat "$d/mtu"); done
sed 's/^/route /' /proc/net/route
for to in $PROBE_TO; do
  { timeout ${CONNECT_SECONDS} bash -c "exec 3<>/dev/tcp/\${to%:*}/\${to##*:}" 2>/dev/null || echo unreached "$to"; } &
done
wait`;

/** Answers each connection with the number of bytes that came; the base image has perl and no other server. */
const SERVER = `
use IO::Socket::INET;
alarm 60; # should nobody end it
my $s = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 20, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { if (!fork) { my $n = 0; while (sysread($c, my $b, 65536)) { $n += length $b } print $c "$n\\n"; exit } close $c }`;
const CLIENT = `
use IO::Socket::INET;
my ($to, $bytes) = @ARGV;
$SIG{ALRM} = sub { print "no answer\\n"; exit 1 }; alarm ${CONNECT_SECONDS};
my $c = IO::Socket::INET->new(PeerAddr => $to, PeerPort => ${PORT}, Timeout => ${CONNECT_SECONDS}) or do { print "$!\\n"; exit 1 };
my $m = "x" x $bytes; my $at = 0;
while ($at < $bytes) { my $w = syswrite($c, $m, $bytes - $at, $at) or do { print "$!\\n"; exit 1 }; $at += $w }
shutdown($c, 1); my $a = <$c> // ""; chomp $a; print $a == $bytes ? "ok\\n" : "only $a bytes came\\n"`;

/**
 * Looks at a host from inside, by a container in its network namespace that is gone afterwards.
 *
 * @param image tag of an image with bash that it has
 * @param root folder of the engine's data there
 */
export async function lookInside(
  network: string,
  host: Host,
  others: readonly Host[],
  image: string,
  root: string,
): Promise<HostFacts> {
  const { docker } = host.remote;
  const to = others.flatMap(({ node }) => [
    `${node.address}:${GOSSIP}`,
    ...(node.manager ? [`${node.address}:${MANAGER}`] : []),
  ]);
  const clockMs = await clockOf(docker);
  const text = await inContainer(
    docker,
    {
      Image: image,
      Entrypoint: ['sleep', '60'],
      Labels: labelsOf(network, 'probe'),
      Env: [`PROBE_TO=${to.join(' ')}`],
      HostConfig: { AutoRemove: true, NetworkMode: 'host', Binds: [`${root}:/data:ro`] },
    },
    async (container) => (await execIn(container, ['bash', '-c', LOOK])).stdout,
  );
  return { ...parseLook(text), clockMs };
}

/** Reads what the look printed. */
export function parseLook(text: string): Omit<HostFacts, 'clockMs'> {
  const words = text.split('\n').map((line) => line.split(' '));
  const all = (key: string) => words.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const mtus = new Map(all('mtu').map(([device = '', bytes]) => [device, Number(bytes)]));
  const routes = all('route').map((rest) => rest.join(' '));
  return {
    freeDiskBytes: Number(all('disk')[0]?.[0] ?? 0),
    availableMemoryBytes: Number(all('memory')[0]?.[0] ?? 0),
    listening: new Set(all('port').map(([port]) => Number(port))),
    mtu: outerMtu(routes.join('\n'), (device) => mtus.get(device)),
    unreached: all('unreached').map(([address = '']) => address),
  };
}

/** Milliseconds that an engine's clock is ahead of this process's, to half the time of a request. */
async function clockOf(docker: Docker): Promise<number> {
  const before = Date.now();
  const { SystemTime } = (await docker.info()) as { SystemTime: string };
  return Date.parse(SystemTime) - (before + Date.now()) / 2;
}

/**
 * Sends small and big messages from each host to each other one, over an overlay that is gone afterwards.
 *
 * @param mtu bytes of the largest packet between the hosts
 */
export async function tryOverlay(
  network: string,
  manager: Docker,
  hosts: readonly Host[],
  image: string,
  mtu: number,
): Promise<OverlayFact[]> {
  const labels = labelsOf(network, 'probe');
  const name = `${network}_probe`;
  // What a look that was killed has left.
  for (const { Id } of await manager.listNetworks({ filters: { name: [`^${name}$`] } })) {
    await removeOverlay(manager, Id);
  }
  const overlay = await manager.createNetwork({
    Name: name,
    Driver: 'overlay',
    Attachable: true,
    Labels: labels,
    Options: { 'com.docker.network.driver.mtu': String(mtu) },
  });
  const begun: { host: Host; container: Docker.Container; address: string }[] = [];
  try {
    await Promise.all(
      hosts.map(async (host) => {
        const container = await host.remote.docker.createContainer({
          Image: image,
          Entrypoint: ['perl', '-e', SERVER],
          Labels: labels,
          HostConfig: { AutoRemove: true, NetworkMode: name },
        });
        await container.start();
        const { NetworkSettings } = await container.inspect();
        const address = NetworkSettings.Networks[name]?.IPAddress ?? '';
        begun.push({ host, container, address });
      }),
    );
    const pairs = begun.flatMap((from) =>
      begun.filter((to) => to !== from).map((to) => [from, to] as const),
    );
    return await Promise.all(
      pairs.map(async ([from, to]): Promise<OverlayFact> => {
        const pair = { from: from.host.number, to: to.host.number };
        const send = async (bytes: number) => {
          const command = ['perl', '-e', CLIENT, to.address, String(bytes)];
          return (await execIn(from.container, command)).stdout.trim();
        };
        const small = await send(1);
        if (small !== 'ok') return { ...pair, failure: small || 'no answer' };
        const big = await send(BIG);
        return big === 'ok' ? pair : { ...pair, failure: `big packets are lost (${big})` };
      }),
    );
  } catch (error) {
    return hosts.map(({ number }) => ({ from: number, to: number, failure: messageOf(error) }));
  } finally {
    await Promise.all(begun.map(({ container }) => container.remove({ force: true }).catch(quiet)));
    await removeOverlay(manager, overlay.id);
  }
}

/** The manager lets an overlay go once it has heard from every host that nothing is on it any more. */
async function removeOverlay(manager: Docker, id: string): Promise<void> {
  await waitFor(
    {
      subject: 'overlay of the probes',
      expected: 'its removal',
      budgetMs: 20_000,
      intervalMs: 200,
    },
    async () => {
      await manager.getNetwork(id).remove().catch(ifGone);
      return true;
    },
  );
}

const ifGone = (error: unknown) => {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
};

const quiet = () => undefined;

async function inContainer<T>(
  docker: Docker,
  definition: Docker.ContainerCreateOptions,
  use: (container: Docker.Container) => Promise<T>,
): Promise<T> {
  const container = await docker.createContainer(definition);
  try {
    await container.start();
    return await use(container);
  } finally {
    await container.remove({ force: true }).catch(quiet);
  }
}
