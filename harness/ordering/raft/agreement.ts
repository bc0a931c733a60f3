import { consenterWalk } from '../consenter-walk.ts';

export const raftAgreement = consenterWalk(
  {
    id: 'F31',
    name: 'Raft agrees with the chain',
    guarantee:
      'The entry of Raft’s log that a block came from is the same in every copy and later than that of the block before, and consenters change one at a time and by configuration only; a consenter that is rebuilt from a snapshot leaves one block without an entry.',
  },
  'raft',
  ({ number, here, before, isConfig }) => {
    if (!before) return [];
    const changed = [
      ...here.consenters.filter((id) => !before.consenters.includes(id)),
      ...before.consenters.filter((id) => !here.consenters.includes(id)),
    ];
    return [
      // A block that changes the consensus takes no entry of its own into account: it has the index of the one before.
      ...(here.index > before.index || (isConfig && here.index === before.index)
        ? []
        : [
            `block ${number} came from entry ${here.index} of Raft's log, the block before from entry ${before.index}`,
          ]),
      ...(changed.length > (isConfig ? 1 : 0)
        ? [
            `block ${number} has consenters ${here.consenters.join(', ')}, the block before ${before.consenters.join(', ')}`,
          ]
        : []),
    ];
  },
  // The block in a snapshot that a consenter is rebuilt from is signed by it, and has no mark (etcdraft/chain.go, `catchUp`).
  { unmarkedOnce: true },
);
