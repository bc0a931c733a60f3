import type { Agreement } from '../../ordering/agreement.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';

/** The check that a chain and the ordering service which ordered it fit. */
export const agrees = (agreement: Agreement): ChannelCheck => ({
  scope: 'channel',
  definition: agreement.definition,
  create({ channel, recording }) {
    const findings = new Findings(agreement.definition);
    const log = recording.orderingLog(channel);
    const walk = agreement.create({ channel, ordering: recording.ordering, log }, findings);
    return {
      height: walk.height,
      finish() {
        walk.finish();
        return findings.result();
      },
    };
  },
});
