import type { Forgetting, LogLine } from '../forgetting.ts';

const LEADER = /Raft leader changed: \d+ -> (\d+) /;
const WRITTEN = /Writing block \[\d+\] \(Raft index/;
/** etcd/raft's words for entries that another leader's have replaced, and the orderer's for a block that it cannot place. */
const DROPPED = /replace the unstable entries from index|Failed to propose block/;

/**
 * A leader says SUCCESS before it has cut a block, a follower once it has written the envelope into its stream to the
 * leader (orderer/consensus/etcdraft/chain.go, `Submit`; orderer/common/cluster/comm.go). What has not been replicated
 * when the leader dies, restarts or is deposed is gone, and orderers go on saying SUCCESS until they notice.
 */
export const RAFT_FORGETTING: Forgetting = {
  read(line, channel) {
    if (!line.includes(`channel=${channel} `)) return undefined;
    const leader = LEADER.exec(line)?.[1];
    if (leader !== undefined) return { leader };
    if (DROPPED.test(line)) return { block: 'dropped' };
    return WRITTEN.test(line) ? { block: 'written' } : undefined;
  },
  explains({ orderer, at }, told, withinMs) {
    const all = [...told.values()];
    const noticedSoon = all.some((lines) =>
      lines.some((line) => line.leader && line.at >= at && line.at - at <= withinMs),
    );
    return (
      noticedSoon || isBehind(orderer, at, told) || all.some((l) => wasDropped(l, at, withinMs))
    );
  },
};

/** Whether another orderer knew of another leader, or of none, while this one had yet to learn of it. */
function isBehind(
  orderer: string,
  at: number,
  told: ReadonlyMap<string, readonly LogLine[]>,
): boolean {
  const own = told.get(orderer) ?? [];
  const believed = beliefAt(own, at);
  const learnsLater = own.some((line) => line.leader && line.at > at);
  return (
    learnsLater &&
    [...told].some(([name, lines]) => {
      const known = name === orderer ? undefined : beliefAt(lines, at);
      return known !== undefined && known !== believed;
    })
  );
}

/** Whether an orderer threw away what it had gathered since its last block, and this may have been among it. */
function wasDropped(lines: readonly LogLine[], at: number, withinMs: number): boolean {
  return lines.some((line) => {
    if (line.block !== 'dropped' || line.at < at) return false;
    const written = lines.findLast(({ block, at: when }) => block === 'written' && when <= line.at);
    return at >= (written?.at ?? line.at) - withinMs;
  });
}

const beliefAt = (lines: readonly LogLine[], at: number): string | undefined =>
  lines.findLast((line) => line.leader && line.at <= at)?.leader;
