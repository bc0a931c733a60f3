import { CONFIG } from '../../fabric/ledger/codes.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';

export const configUntouched: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F22',
    name: 'configuration untouched',
    guarantee:
      'No configuration block appeared that the scenario did not ask for, sequences count up by one, and every block names the last configuration block.',
  },
  create({ facts }) {
    const findings = new Findings(configUntouched.definition);
    let lastConfig = 0;
    let sequence: number | undefined;
    return {
      height({ number, reference, copies }) {
        findings.count('blocks');
        for (const { type, configSequence } of reference.transactions) {
          if (type !== CONFIG) continue;
          lastConfig = number;
          if (number >= facts.startHeight) findings.count('config blocks');
          if (sequence !== undefined && configSequence !== sequence + 1) {
            findings.violation({
              block: number,
              message: `configuration of block ${number} has sequence ${configSequence}, expected ${sequence + 1}`,
            });
          }
          sequence = configSequence;
        }
        for (const { source, metadata } of copies) {
          if (metadata.lastConfig === lastConfig) continue;
          findings.violation({
            block: number,
            sources: [source],
            message: `block ${number} on ${source} names block ${metadata.lastConfig} as the last configuration, it is block ${lastConfig}`,
          });
        }
      },
      finish() {
        const expected = facts.configBlocks ?? 0;
        findings.count('config blocks', 0);
        const seen = findings.counted('config blocks');
        if (seen !== expected) {
          findings.violation({
            block: lastConfig,
            message: `${seen} configuration blocks since height ${facts.startHeight}, expected ${expected}; the last is block ${lastConfig}`,
          });
        }
        findings.floor('blocks', 1);
        return findings.result();
      },
    };
  },
};
