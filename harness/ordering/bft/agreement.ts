import { consenterWalk } from '../consenter-walk.ts';

export const bftAgreement = consenterWalk(
  {
    id: 'F32',
    name: 'BFT agrees with the chain',
    guarantee:
      'View and sequence of a block are the same in every copy; sequences count up by one, views never go back, decisions count from the first of each view, and no orderer is on the black list.',
  },
  'bft',
  ({ number, here, before }) => {
    const sameView = before?.view === here.view;
    const decisions = sameView ? before.decisionsInView + 1 : 0;
    return [
      ...(before && here.sequence !== before.sequence + 1
        ? [`block ${number} has sequence ${here.sequence}, the block before ${before.sequence}`]
        : []),
      ...(before && here.view < before.view
        ? [`block ${number} was decided in view ${here.view}, the block before in ${before.view}`]
        : []),
      ...(before && here.decisionsInView !== decisions
        ? [
            `block ${number} is decision ${here.decisionsInView} of view ${here.view}, expected ${decisions}`,
          ]
        : []),
      ...(here.blackList.length > 0
        ? [`block ${number} puts orderers ${here.blackList.join(', ')} on the black list`]
        : []),
    ];
  },
);
