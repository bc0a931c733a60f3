import type { ChaincodeUpgrade } from '../../network/port.ts';
import { chaincodeServiceName } from '../../topology/components.ts';
import {
  type ActiveFault,
  combine,
  expectThat,
  type Fault,
  type FaultContext,
  type Measurement,
  unmeasured,
} from '../model.ts';
import { role } from '../roles.ts';

/**
 * Upgrades the chaincode of the scenario's channel to the build of another chaincode of the network, as its
 * administrators would: all organisations approve, and the definition is committed with the next sequence. Both builds
 * are served meanwhile, and the channel stays upgraded.
 *
 * Confirmed when every peer has the new definition and its server of the new build has answered.
 *
 * @param chaincode its name on the channel
 * @param options `to`: name of the other one, e.g. of a second build of the same contract
 */
export function upgrade(chaincode: string, { to }: { readonly to: string }): Fault {
  return {
    kind: 'upgrade',
    text: `upgrade of ${chaincode} to ${to}`,
    role: role(`servers of ${to}`, async ({ network, channel }) =>
      network.ledgers.members(channel).peers.map(({ name }) => chaincodeServiceName(to, name)),
    ),
    available: async () => undefined,
    async prepare({ network, channel, submits }): Promise<ActiveFault> {
      let made: ChaincodeUpgrade | undefined;
      const verify = async () =>
        made === undefined
          ? unmeasured('the definition was not committed')
          : await everywhere(network, channel, chaincode, made);
      return {
        inject: async () => {
          made = await network.ledgers.upgrade(channel, chaincode, to, submits);
        },
        verify,
        // A channel's definitions only ever go forward.
        heal: async () => {},
        verifyHealed: verify,
      };
    },
  };
}

async function everywhere(
  { ledgers }: FaultContext['network'],
  channel: string,
  chaincode: string,
  made: ChaincodeUpgrade,
): Promise<Measurement> {
  const { version, sequence, packageId } = made;
  const wanted = `${version}, sequence ${sequence}`;
  const looks = ledgers.members(channel).peers.map(async ({ name }) => {
    const found = await ledgers.definition(name, channel, chaincode);
    const seen = found ? `${found.version}, sequence ${found.sequence}` : 'no definition';
    return expectThat(seen === wanted, `${name} has ${chaincode} ${seen}`);
  });
  const measured = combine(await Promise.all(looks.map((look) => look.catch(unmeasured))));
  return { ...measured, evidence: `${measured.evidence}; package ${packageId.slice(0, 60)}` };
}
