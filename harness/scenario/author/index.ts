/**
 * What a scenario file imports. See the README for a complete example.
 */

export { conserved, type Invariant, neverNegative } from '../../audit/invariant.ts';
export { patient } from '../../base/patience.ts';
export * from '../../faults/index.ts';
export { transfers } from '../../workload/profile.ts';
export { disagreements, headerHashes } from '../evidence/header-hashes.ts';
export type { Session } from '../session.ts';
export {
  adminToken,
  apiListener,
  blockOnEveryPeer,
  channelToCreate,
  firstAdminSecret,
  PASSWORD,
  registerUsers,
  restClient,
} from './api.ts';
export {
  type Attempt,
  apiTransfers,
  byStatus,
  heldIn,
  improper,
  lost,
  newestOn,
  notOnce,
  openPairs,
  validIn,
} from './api-load.ts';
export {
  apiTlsRoot,
  mongoExpress,
  offerPackageAs,
  revokeAtCa,
  wrongSecretsAtCa,
} from './api-operator.ts';
export { type ApiWatch, watchMemory } from './api-watch.ts';
export { check, type Finding, type Notes } from './check.ts';
export { type Control, control } from './control.ts';
export {
  calls,
  during,
  type Expect,
  program,
  type ScenarioDefinition,
  seconds,
  shares,
} from './definition.ts';
export {
  editChaincodeEvents,
  editEvents,
  flipSignature,
  forgetLastBlock,
  forgetRecord,
  markAll,
  markAt,
  stripSignature,
} from './doctored.ts';
export { ENDURANCE, endures, type Owed } from './endurance.ts';
export { type Forgery, forged, type SoundRun, sound } from './forged.ts';
export { askFromOverlay, type OverlayRequest, overlayAddresses } from './overlay-client.ts';
export { kafka, zookeeper } from './parts.ts';
export { channelName } from './places.ts';
export { type Listener, RawConnections, rawStatuses } from './raw-connections.ts';
export { type RestAnswer, RestClient, show, untilAnswer } from './rest-client.ts';
export { type OwnUser, ownUser, revokedInChannel } from './revocation.ts';
export {
  allowUncleanElection,
  chaincodeDefect,
  dropDocument,
  editDocument,
  inventDocument,
  keepTopic,
  neverHealed,
  restoreTopic,
  revokeClients,
  startComponent,
  truncateBlockFile,
} from './sabotage.ts';
export { scenario } from './scenario.ts';
export { generatedSecrets, searchSecrets } from './secret-search.ts';
export { transferThrough } from './transfer-through.ts';
export {
  anotherAmount,
  anotherReading,
  failureOfCommitted,
  refusalWithoutAsking,
  successWithoutSubmitting,
} from './untrue-clients.ts';
