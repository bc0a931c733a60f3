import type { Forgetting, Told } from '../forgetting.ts';

const LEADER = /Raft leader changed: \d+ -> (\d+) channel=(\S+) /;

/**
 * A leader says SUCCESS before it has cut a block, a follower once it has written the envelope into its stream to the
 * leader (orderer/consensus/etcdraft/chain.go, `Submit`; orderer/common/cluster/comm.go). What has not been replicated
 * when the leader dies, restarts or is deposed is gone, and orderers go on saying SUCCESS until they notice.
 */
export const RAFT_FORGETTING: Forgetting = {
  read(line, channel) {
    const [, leader, of] = LEADER.exec(line) ?? [];
    return leader !== undefined && of === channel ? { leader } : undefined;
  },
  explains({ orderer, at }, told, withinMs) {
    const noticedSoon = [...told.values()].some((lines) =>
      lines.some((line) => line.at >= at && line.at - at <= withinMs),
    );
    return noticedSoon || isBehind(orderer, at, told);
  },
};

/** Whether another orderer knew of another leader, or of none, while this one had yet to learn of it. */
function isBehind(
  orderer: string,
  at: number,
  told: ReadonlyMap<string, readonly Told[]>,
): boolean {
  const own = told.get(orderer) ?? [];
  const believed = lastBefore(own, at);
  const learnsLater = own.some((line) => line.at > at);
  return (
    learnsLater &&
    [...told].some(([name, lines]) => {
      const known = name === orderer ? undefined : lastBefore(lines, at);
      return known !== undefined && known.leader !== believed?.leader;
    })
  );
}

const lastBefore = (lines: readonly Told[], at: number): Told | undefined =>
  lines.findLast((line) => line.at <= at);
