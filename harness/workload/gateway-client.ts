import type { FabricClient } from '../fabric/gateway/gateway.ts';
import type { SubmitTimeouts } from '../fabric/gateway/submit.ts';
import type { LoadClient } from './client.ts';

/**
 * Patience of a gateway that probes one orderer, ms: short, since the next probe is sent only when this one has ended,
 * but well above the time that a commit takes, or a slow network would look like a dead one.
 */
export const PROBE_TIMEOUTS: SubmitTimeouts = {
  endorseMs: 2_000,
  broadcastMs: 3_000,
  commitMs: 5_000,
  doubtMs: 3_000,
};

/**
 * A Fabric gateway as a client of the workload. The gateway must have been opened with the run's clock
 * (`clock: () => runClock.now()`), or its acknowledgement times mean nothing in the history.
 * @param name unique within a scenario, e.g. `org1-3`
 * @param chaincode the gateway's default chaincode, for the history
 */
export function gatewayClient(fabric: FabricClient, name: string, chaincode: string): LoadClient {
  return {
    name,
    msp: fabric.mspId,
    channel: fabric.channel,
    chaincode,
    async submit({ function: called, args, orderer, prepared }) {
      const transaction = fabric.prepare({
        function: called,
        args,
        ...(orderer === undefined ? {} : { onlyOrderer: orderer }),
      });
      prepared({ transactionId: transaction.transactionId, peers: transaction.peers });
      const { at: _at, result: _result, ...known } = await transaction.submit();
      const refused = known.stage === 'endorse' && isChaincodeRefusal(known.error ?? '');
      return { ...known, ...(refused ? { refused } : {}) };
    },
    async evaluate({ peer, function: called, args }) {
      const { at: _at, ...known } = await fabric.evaluate({ peer, function: called, args });
      return known;
    },
  };
}

/**
 * Whether the error of a failed endorsement is a chaincode's own refusal. The gateway reports that as the one peer's
 * answer, and everything else as endorsements that an organisation could not give.
 */
function isChaincodeRefusal(error: string): boolean {
  return /^\S+ on \S+: expected status 200, got status \d+: /.test(error);
}
