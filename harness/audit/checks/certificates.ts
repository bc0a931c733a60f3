import { CONFIG } from '../../fabric/ledger/codes.ts';
import { configuredCertificates } from '../channel/certificates.ts';
import { Configuration, isStranger } from '../channel/configuration.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { CertificateFact } from '../recording.ts';

const DAY_MS = 86_400_000;
/** A certificate that ends within so many days is told. */
const SOON_DAYS = 30;
/** Who has endorsed in none of so many last blocks may be gone. */
const LATELY = 100;

export const certificatesLast: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'C1',
    name: 'certificates in force',
    guarantee:
      'When the ledger was read, no certificate had ended of those that the network works with: authorities and consenters of the configuration, TLS certificates that nodes show, peers that endorse, the identity that it was read with.',
  },
  create({ scenario }) {
    const findings = new Findings(certificatesLast.definition);
    const endorsers = new Map<string, { readonly identity: Buffer; block: number }>();
    let configuration: Configuration | undefined;
    let height = 0;
    return {
      height({ number, reference }) {
        height = number + 1;
        for (const { type, parts, configSequence } of reference.transactions) {
          if (type === CONFIG && parts.channelGroup) {
            configuration = new Configuration(
              Buffer.from(parts.channelGroup),
              configSequence ?? 0,
              configuration,
            );
          }
          for (const { identity } of parts.endorsements) {
            // The last bytes of a certificate are its signature's, and so tell identities apart.
            const tail = identity.toString('latin1', identity.length - 70, identity.length - 40);
            const known = endorsers.get(tail);
            if (known) known.block = number;
            else endorsers.set(tail, { identity: Buffer.from(identity), block: number });
          }
        }
      },
      finish() {
        const { readAt, certificates = [] } = scenario;
        if (readAt === undefined || !configuration) {
          findings.unknown(
            readAt === undefined
              ? 'when the ledger was read is not recorded'
              : 'no configuration of the channel was recorded',
          );
          return findings.result();
        }
        const inUse: CertificateFact[] = [...certificates];
        for (const { what, certificate } of configuredCertificates(configuration.root)) {
          inUse.push({ what, until: certificate.notAfter });
        }
        for (const { identity, block } of endorsers.values()) {
          const who = configuration.identify(identity);
          if (isStranger(who) || block < height - LATELY) continue;
          const { commonName, notAfter } = who.certificate;
          inUse.push({ what: `certificate of ${commonName}, which endorses`, until: notAfter });
        }
        for (const { what, until } of inUse) {
          findings.count('certificates');
          const date = new Date(until).toISOString().slice(0, 10);
          if (until <= readAt) {
            findings.violation({ message: `the ${what} has ended on ${date}` });
          } else if (until < readAt + SOON_DAYS * DAY_MS) {
            findings.count('that end soon');
            const days = Math.floor((until - readAt) / DAY_MS);
            findings.note(`the ${what} ends in ${days} days, on ${date}`);
          }
        }
        return findings.result();
      },
    };
  },
};
