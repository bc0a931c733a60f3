import type { FabricClient, SubmitTimeouts } from '../../fabric-client/client.ts';
import type { LoadClient } from './client.ts';

/**
 * Patience of a client that probes one orderer, ms: short, since the next probe is sent only when this one has ended,
 * but well above the time that a commit takes, or a slow network would look like a dead one.
 */
export const PROBE_TIMEOUTS: SubmitTimeouts = {
  endorseMs: 2_000,
  broadcastMs: 3_000,
  commitMs: 5_000,
  doubtMs: 3_000,
};

/**
 * The project's own Fabric client as a client of the workload. It must have been opened with the run's clock
 * (`clock: () => runClock.now()`), or its acknowledgement times mean nothing in the history.
 * @param name unique within a scenario, e.g. `org1-3`
 * @param chaincode the client's default chaincode, for the history
 */
export function directClient(fabric: FabricClient, name: string, chaincode: string): LoadClient {
  return {
    name,
    msp: fabric.mspId,
    channel: fabric.channel,
    chaincode,
    async submit({ function: called, args, orderer, transient, endorsers, init, prepared }) {
      const transaction = fabric.prepare({
        function: called,
        args,
        ...(orderer === undefined ? {} : { onlyOrderer: orderer }),
        ...(transient === undefined ? {} : { transient }),
        ...(endorsers === undefined ? {} : { endorsingOrganisations: endorsers }),
        ...(init === undefined ? {} : { isInit: init }),
      });
      prepared({ transactionId: transaction.transactionId, peers: transaction.peers });
      const { at: _at, result: _result, ...known } = await transaction.submit();
      return known;
    },
    async evaluate({ peer, function: called, args }) {
      const { at: _at, ...known } = await fabric.evaluate({ peer, function: called, args });
      return known;
    },
  };
}
