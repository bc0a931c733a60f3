import { X509Certificate } from 'node:crypto';
import { newTlsOf } from '../../fabric/identities/identities.ts';
import { ORDERER_TLS } from '../../fabric/services/orderer.ts';
import { deploymentOf } from '../../network/deployment.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { awaitRunning, componentsOnly } from '../components.ts';
import { fixedConsenters, membershipOf } from '../membership.ts';
import { type ActiveFault, combine, expectThat, type Fault, type Role } from '../model.ts';
import { swappedFiles } from '../service-files.ts';
import { untilServes } from '../tls-served.ts';

const SERVED_MS = 30_000;
const BACK_MS = 80_000;

/**
 * Rotates the TLS certificate of a consenter, key included, as Fabric documents it: the channel is told of the new
 * certificate, then the orderer is started with it. Healing rotates it back, so that other channels know it as before.
 *
 * Where Raft orders without a system channel; a consenter of BFT is known by its enrolment certificate besides. Confirmed
 * each time when the orderer serves the certificate, and is a consenter with all blocks.
 */
export function rotateCertificate(role: Role): Fault {
  return {
    kind: 'rotateCertificate',
    text: 'rotation of the TLS certificate',
    role,
    available: async (context) => fixedConsenters(context),
    async prepare(context, targets): Promise<ActiveFault> {
      const [handle, ...others] = componentsOnly('rotateCertificate', targets);
      if (!handle || others.length > 0) {
        throw new Error(
          'rotateCertificate: expected one orderer, as a channel takes one at a time',
        );
      }
      const { name, machine } = handle;
      const { network, guard } = context;
      const { identities } = deploymentOf(network, 'rotateCertificate');
      const node = network.nodes.orderers.find((one) => one.name === name);
      if (!node) throw new Error(`rotateCertificate: expected an orderer, seen ${name}`);
      const channel = membershipOf(context, name);
      const place = { name, machine: machine.number };
      const next = await newTlsOf(identities, place, addressesOf(network.machines));
      const files = swappedFiles(context, handle, guard.newId('rotateCertificate', name), [
        { path: ORDERER_TLS.certificate, content: next.certificate },
        { path: ORDERER_TLS.privateKey, content: next.privateKey, secret: true },
      ]);
      const serves = async (certificate: string, which: string) => {
        const { fingerprint256 } = new X509Certificate(certificate);
        const wanted = ({ fingerprint }: { readonly fingerprint: string }) =>
          fingerprint === fingerprint256;
        const seen = await untilServes(node, wanted, SERVED_MS);
        const { relation, height, least } = await channel.untilRebuilt();
        return combine([
          expectThat(
            seen !== undefined && wanted(seen),
            `${name} serves ${seen?.fingerprint.slice(0, 11)}…, the ${which} is ${fingerprint256.slice(0, 11)}…`,
          ),
          expectThat(
            relation === 'consenter' && height >= least,
            `${name} is ${relation}, with ${height} blocks where ${least} were there`,
          ),
        ]);
      };
      return {
        async inject() {
          await channel.change(next.certificate);
          await files.apply();
        },
        verify: () => serves(next.certificate, 'new one'),
        async heal() {
          await channel.change(channel.certificate);
          await files.undo();
        },
        async verifyHealed() {
          await awaitRunning(handle, { budgetMs: BACK_MS });
          return serves(channel.certificate, 'one before');
        },
      };
    },
  };
}
