import { z } from 'zod';
import type { Problem } from '../problems.ts';
import type { RawFile } from '../raw-file.ts';
import { count, duration, parseDuration } from '../values.ts';
import type { OrderingNeeds } from './needs.ts';

/** What of a topology file is BFT's own. */

/** Fabric's defaults (SmartBFT's `DefaultConfig`), unless the file says otherwise. */
export const bft = z.strictObject({
  batchInterval: duration.default(50),
  requestPoolSize: count.default(400),
  requestForwardTimeout: duration.default(2_000),
  requestComplainTimeout: duration.default(20_000),
  requestAutoRemoveTimeout: duration.default(180_000),
  leaderHeartbeatTimeout: duration.default(60_000),
  viewChangeTimeout: duration.default(20_000),
  viewChangeResendInterval: duration.default(5_000),
});

export const bftNeeds: OrderingNeeds = {
  releases: ['3.1.1'],
  because: 'BFT came with Fabric 3',
  sections: [{ path: ['ordering', 'bft'], none: 'no BFT options' }],
  leastOrderers: 4,
  atLeast: 'so that one of them may be faulty (n = 3f + 1)',
  adminPort: true,
  check: checkTimeouts,
};

/** SmartBFT refuses options in which a later time-out is shorter than an earlier one (`Configuration.Validate`). */
function checkTimeouts(file: RawFile): Problem[] {
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
