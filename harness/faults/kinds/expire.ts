import { renewedUntil } from '../../fabric/identities/certificates.ts';
import { ORDERER_TLS } from '../../fabric/services/orderer.ts';
import { deploymentOf } from '../../network/deployment.ts';
import type { ComponentHandle } from '../../network/port.ts';
import { awaitRunning, componentsOnly } from '../components.ts';
import {
  type ActiveFault,
  expectThat,
  type Fault,
  type FaultContext,
  type Role,
  together,
} from '../model.ts';
import { swappedFiles } from '../service-files.ts';
import { untilServes } from '../tls-served.ts';

const HOUR_MS = 3_600_000;
const SERVED_MS = 30_000;
const BACK_MS = 80_000;

/**
 * Has an orderer's TLS certificate end: it is started anew with one for the same key and names whose time was over an
 * hour ago, as an orderer would be that was not restarted for a year. Healing renews it, for the same key, which is what
 * the consenters of a Raft channel are known by: nobody else need be told.
 *
 * Confirmed when a client refuses it because it has expired, and afterwards takes the one that the orderer had before.
 */
export function expireCertificate(role: Role): Fault {
  return {
    kind: 'expireCertificate',
    text: 'TLS certificate expired',
    role,
    available: async () => undefined,
    prepare: async (context, targets) =>
      together(componentsOnly('expireCertificate', targets).map((one) => expired(context, one))),
  };
}

function expired(context: FaultContext, handle: ComponentHandle): ActiveFault {
  const { name } = handle;
  const { orderer } = deploymentOf(context.network, 'expireCertificate').identities;
  const node = context.network.nodes.orderers.find((one) => one.name === name);
  const identity = orderer.nodes[name];
  if (!node || !identity) throw new Error(`expireCertificate: expected an orderer, seen ${name}`);
  const id = context.guard.newId('expireCertificate', name);
  let undo: (() => Promise<void>) | undefined;
  return {
    async inject() {
      const ended = Date.now() - HOUR_MS;
      const content = await renewedUntil(orderer.tlsCa, identity.tls.certificate, ended);
      const file = { path: ORDERER_TLS.certificate, content };
      const files = swappedFiles(context, handle, id, [file]);
      undo = files.undo;
      await files.apply();
    },
    async verify() {
      const seen = await untilServes(node, ({ refused }) => isOver(refused), SERVED_MS);
      return expectThat(
        isOver(seen?.refused),
        `${name} serves a certificate that ended ${seen?.endsAt}: ${seen?.refused ?? 'taken'}`,
      );
    },
    heal: async () => undo?.(),
    async verifyHealed() {
      await awaitRunning(handle, { budgetMs: BACK_MS });
      const seen = await untilServes(node, ({ refused }) => refused === undefined, SERVED_MS);
      return expectThat(
        seen !== undefined && seen.refused === undefined,
        `${name} serves a certificate that ends ${seen?.endsAt}: ${seen?.refused ?? 'taken'}`,
      );
    },
  };
}

const isOver = (refused: string | undefined) => refused?.includes('CERT_HAS_EXPIRED') ?? false;
