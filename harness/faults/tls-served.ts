import { connect } from 'node:tls';
import type { Endpoint } from '../../fabric-client/types.ts';
import { patient } from '../base/patience.ts';
import { waitFor } from '../base/wait.ts';

const ANSWER_MS = 3_000;

/** A node's TLS certificate as a client meets it. */
export interface Served {
  /** SHA-256, as `X509Certificate.fingerprint256`. */
  readonly fingerprint: string;
  readonly endsAt: string;
  /** Why a client refuses it, e.g. `CERT_HAS_EXPIRED`; absent when it does not. */
  readonly refused?: string;
}

/** Asks a node for its TLS certificate until it has the one that is looked for. @returns what it served last */
export function untilServes(
  node: Endpoint,
  isWanted: (served: Served) => boolean,
  budgetMs: number,
): Promise<Served | undefined> {
  let last: Served | undefined;
  const look = async () => {
    last = await served(node);
    return isWanted(last) ? last : undefined;
  };
  return waitFor({ subject: node.name, expected: 'the other certificate', budgetMs }, look).catch(
    () => last,
  );
}

function served({ name, address, tlsCaPem, tlsServerName }: Endpoint): Promise<Served> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...(host === undefined ? {} : { host }),
      port: Number(port),
      servername: tlsServerName ?? name,
      ...(tlsCaPem === undefined ? {} : { ca: tlsCaPem }),
      rejectUnauthorized: false,
      timeout: patient(ANSWER_MS),
    });
    socket.on('secureConnect', () => {
      const { fingerprint256: fingerprint, valid_to: endsAt } = socket.getPeerCertificate();
      const refused = socket.authorized ? undefined : String(socket.authorizationError);
      socket.destroy();
      resolve({ fingerprint, endsAt, ...(refused === undefined ? {} : { refused }) });
    });
    socket.on('timeout', () => socket.destroy(new Error(`${name}: no answer`)));
    socket.on('error', reject);
  });
}
