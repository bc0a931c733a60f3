import type { FabricProtos } from '../../../fabric-client/protos.ts';
import * as protos from '../../../fabric-client/protos.ts';
import { signLow, withHighS } from '../testing/authority.ts';
import type { Simulation } from '../testing/encoding.ts';
import { editBlock, judge } from '../testing/forge.ts';
import { AUTHORITIES, introduce, memberOf } from '../testing/identities.ts';
import type { EndorseOptions, LedgerBuilder, TestRecording } from '../testing/ledger-builder.ts';
import { definitionState, outOf, ROLES, signedUpdate } from '../testing/paper-channel.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { codesDerived, signaturesVerify } from './signatures.ts';

const { common } = protos;
const peer = protos.protos;

/** Changes the orderers' signatures of one copy of a block. */
function editSignatures(
  recording: TestRecording,
  source: string,
  number: number,
  edit: (metadata: FabricProtos.common.Metadata) => void,
): void {
  editBlock(recording, source, number, ({ metadata }) => {
    const signed = common.Metadata.decode(metadata[0] as Buffer);
    edit(signed);
    metadata[0] = Buffer.from(common.Metadata.encode(signed).finish());
  });
}

/** One transfer in a block of its own, and what the audit makes of it. */
function one(
  options: EndorseOptions = {},
  code?: number,
  prepare?: (ledger: LedgerBuilder) => void,
) {
  const ledger = opened();
  prepare?.(ledger);
  if (code !== undefined) ledger.forcedCodes.set(`${ledger.height}:0`, code);
  const { id } = ledger.submit('transfer', ['a1', 'a2', '3'], options);
  ledger.cut();
  const recording = ledger.recording();
  const block = ledger.height - 1;
  return {
    id,
    block,
    recording,
    signatures: judge(signaturesVerify, recording),
    codes: judge(codesDerived, recording),
  };
}

/** Changes an envelope after it was signed, and signs it again as its creator would. */
function resign(
  recording: TestRecording,
  block: number,
  edit: (
    payload: FabricProtos.common.Payload,
    action: FabricProtos.protos.ChaincodeActionPayload,
  ) => void,
  signer: string | null = 'User1@org1',
): void {
  for (const source of recording.chain.keys()) {
    editBlock(recording, source, block, ({ data }) => {
      const envelope = common.Envelope.decode(data[0] as Buffer);
      const payload = common.Payload.decode(envelope.payload);
      const transaction = peer.Transaction.decode(payload.data);
      const [first] = transaction.actions;
      const action = peer.ChaincodeActionPayload.decode(first?.payload ?? Buffer.alloc(0));
      edit(payload, action);
      if (first) first.payload = peer.ChaincodeActionPayload.encode(action).finish();
      if (payload.data.length > 0) payload.data = peer.Transaction.encode(transaction).finish();
      envelope.payload = common.Payload.encode(payload).finish();
      if (signer) envelope.signature = signLow(Buffer.from(envelope.payload), memberOf(signer).key);
      data[0] = Buffer.from(common.Envelope.encode(envelope).finish());
    });
  }
}

describe('F26 signatures verify', () => {
  it('accepts a sound run and counts what it verified', () => {
    const result = judge(signaturesVerify, busyRecording());
    expect(result).toMatchObject({ verdict: 'valid', evidence: [] });
    expect(result.counts).toEqual({
      configurations: 1,
      'copies of blocks': 96,
      signatures: 130,
      violations: 0,
    });
  });

  it.each(['peer1.org2', 'orderer1'])('rejects blocks of %s without signatures', (source) => {
    const recording = busyRecording();
    editSignatures(recording, source, 5, (metadata) => {
      metadata.signatures = [];
    });
    expect(judge(signaturesVerify, recording)).toMatchObject({
      verdict: 'invalid',
      counts: { violations: 1 },
      evidence: [
        {
          block: 5,
          sources: [source],
          message: `block 5 on ${source} is not signed as BlockValidation wants it: there is no signature`,
        },
      ],
    });
  });

  it('rejects a signature of which a bit was flipped, one of another block, and one with a high S', () => {
    const recording = busyRecording();
    let other: Uint8Array = Buffer.alloc(0);
    editSignatures(recording, 'orderer0', 6, ({ signatures }) => {
      other = signatures[0]?.signature ?? other;
    });
    const change = (block: number, make: (signature: Buffer) => Uint8Array): void =>
      editSignatures(recording, 'orderer0', block, ({ signatures: [first] }) => {
        if (first) first.signature = make(Buffer.from(first.signature ?? []));
      });
    change(3, (signature) => {
      signature[20] = (signature[20] as number) ^ 1;
      return signature;
    });
    change(4, () => other);
    change(5, withHighS);
    const { counts, evidence } = judge(signaturesVerify, recording);
    expect(counts.violations).toBe(3);
    expect(evidence.map(({ block, message }) => [block, message.split(': ')[1]])).toEqual(
      [3, 4, 5].map((block) => [
        block,
        'the signature of orderer0.example.com of OrdererMSP is wrong',
      ]),
    );
  });

  it('accepts another orderer’s signature on a copy, and rejects one by a peer', () => {
    const recording = busyRecording();
    const slots = new Map<string, Buffer>();
    for (const source of ['orderer0', 'orderer1']) {
      editBlock(recording, source, 4, ({ metadata }) => slots.set(source, metadata[0] as Buffer));
    }
    editBlock(recording, 'orderer0', 4, ({ metadata }) => {
      metadata[0] = slots.get('orderer1') as Buffer;
    });
    expect(judge(signaturesVerify, recording).verdict).toBe('valid');
    introduce('orderer0', memberOf('peer0.org1'));
    const forged = opened();
    introduce('orderer0', AUTHORITIES.OrdererMSP.issue('orderer0.example.com', ['orderer']));
    expect(judge(signaturesVerify, forged.recording()).evidence[0]?.message).toMatch(
      /peer0.org1.example.com of Org1MSP signed$/,
    );
  });

  it('rejects metadata that say what was not signed', () => {
    const recording = busyRecording();
    editSignatures(recording, 'peer0.org2', 4, (metadata) => {
      metadata.value = Buffer.from([...metadata.value, 0x18, 1]);
    });
    expect(judge(signaturesVerify, recording).evidence).toMatchObject([
      { block: 4, sources: ['peer0.org2'] },
    ]);
  });

  it('rejects an endorsement that is wrong although the others would do', () => {
    const { recording, block, id } = one({ peers: ['peer0.org1', 'peer0.org2', 'peer1.org2'] });
    resign(recording, block, (_, { action }) => {
      const third = action?.endorsements?.[2];
      if (third) third.signature = action?.endorsements?.[1]?.signature ?? null;
    });
    expect(judge(codesDerived, recording).verdict).toBe('valid');
    expect(judge(signaturesVerify, recording)).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          block,
          transactionId: id,
          message: `endorser of VALID transaction 0 of block ${block}: the signature of peer1.org2.example.com of Org2MSP is wrong`,
        },
      ],
    });
  });

  it('is unknown without a configuration', () => {
    const recording = busyRecording();
    for (const [source, blocks] of recording.chain) recording.chain.set(source, blocks.slice(1));
    expect(judge(signaturesVerify, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no configuration of the channel was recorded before it',
    });
  });

  describe('of configurations', () => {
    const configured = (options: Parameters<LedgerBuilder['configure']>[0]) => {
      const ledger = opened();
      ledger.configure(options);
      return judge(signaturesVerify, ledger.recording());
    };
    const message = (options: Parameters<LedgerBuilder['configure']>[0]) =>
      configured(options).evidence.map((evidence) => evidence.message);

    it('accepts an update with leave', () => {
      expect(configured({})).toMatchObject({ verdict: 'valid', counts: { configurations: 2 } });
    });

    it('rejects one without leave, by the wrong organisation, or with a wrong signature', () => {
      const refused =
        /^the configuration of block 3: \/Channel\/Orderer\/Admins does not give leave to change \[Value\] \/Channel\/Orderer\/BatchSize: /;
      expect(message({ signers: [] })).toEqual([
        expect.stringMatching(new RegExp(`${refused.source}nobody signed$`)),
      ]);
      expect(message({ signers: ['Admin@org1', 'orderer1'] })).toEqual([
        expect.stringMatching(refused),
      ]);
      const update = () => signedUpdate('mychannel', Buffer.from('other'), ['Admin@orderer']);
      expect(message({ update })).toHaveLength(1);
    });

    it('rejects one that does not lead to what the block has', () => {
      expect(
        message({
          edit: (root) => {
            const policy = root.groups?.['Application']?.policies?.['Endorsement'];
            if (policy) policy.version = 1;
          },
        }),
      ).toEqual([
        'the configuration of block 3: it does not lead to the configuration of the block: [Policy] /Channel/Application/Endorsement',
      ]);
    });
  });
});

describe('F27 validation codes derived', () => {
  it('derives every code of a sound run', () => {
    expect(judge(codesDerived, busyRecording())).toMatchObject({
      verdict: 'valid',
      evidence: [],
      counts: { 'codes derived': 33, violations: 0 },
    });
  });

  const derived = (result: ReturnType<typeof one>): string | undefined =>
    result.codes.evidence[0]?.message.replace(`transaction 0 of block ${result.block} `, '');

  it('rejects sound transfers that all peers alike marked ENDORSEMENT_POLICY_FAILURE', () => {
    const result = one({}, 10);
    expect(result.codes).toMatchObject({
      verdict: 'invalid',
      evidence: [{ block: result.block, transactionId: result.id }],
    });
    expect(derived(result)).toBe(
      'is ENDORSEMENT_POLICY_FAILURE, but VALID follows: its endorsements suffice, and so its reads decide',
    );
  });

  it('rejects VALID without endorsements, or with those of one organisation; accepts the refusal', () => {
    expect(derived(one({ peers: [] }, 0))).toBe(
      'is VALID, but ENDORSEMENT_POLICY_FAILURE follows: its endorsements do not satisfy the policy of bank: there are none',
    );
    expect(derived(one({ peers: ['peer0.org1', 'peer1.org1'] }, 0))).toMatch(
      /policy of bank: peer0.org1.example.com of Org1MSP signed; peer1.org1.example.com of Org1MSP signed$/,
    );
    expect(one({ peers: ['peer0.org1', 'peer1.org1'] }).codes.verdict).toBe('valid');
    expect(one({ peers: ['peer0.org1', 'User1@org2'] }, 0).codes.verdict).toBe('invalid');
    expect(one({ peers: ['peer0.org1', 'User1@org2'] }, 10).codes.verdict).toBe('valid');
  });

  it('rejects a conflict that is none', () => {
    expect(derived(one({}, 11))).toMatch(/^is MVCC_READ_CONFLICT, but VALID follows/);
    expect(derived(one({}, 9))).toMatch(/^is DUPLICATE_TXID, but VALID follows/);
  });

  it('knows what a creator’s signature makes of a transaction', () => {
    const forged = (code: number): ReturnType<typeof one> => {
      const result = one({}, code);
      resign(result.recording, result.block, () => undefined, 'User1@org2');
      return { ...result, codes: judge(codesDerived, result.recording) };
    };
    expect(derived(forged(0))).toBe(
      'is VALID, but BAD_CREATOR_SIGNATURE follows: of its creator: the signature of User1@org1.example.com of Org1MSP is wrong',
    );
    expect(forged(4).codes.verdict).toBe('valid');
    const stranger = { ...memberOf('User1@org1'), mspid: 'Org3MSP' };
    introduce('stranger', stranger);
    expect(derived(one({ creator: 'stranger' }, 0))).toMatch(/no MSP Org3MSP is in the channel$/);
    expect(one({ creator: 'stranger' }, 4).codes.verdict).toBe('valid');
  });

  it('knows whose certificate is revoked from which configuration on', () => {
    introduce('revoked', AUTHORITIES.Org1MSP.issue('revoked', ['client'], { serial: 4_711 }));
    const revoke = (ledger: LedgerBuilder, signer = AUTHORITIES.Org1MSP): void =>
      ledger.configure({
        revocations: { Org1MSP: [AUTHORITIES.Org1MSP.revoke([12, 4_711], signer)] },
      });
    expect(one({ creator: 'revoked' }).codes.verdict).toBe('valid');
    expect(derived(one({ creator: 'revoked' }, 0, revoke))).toBe(
      'is VALID, but BAD_CREATOR_SIGNATURE follows: of its creator: revoked of Org1MSP signed, and the certificate is revoked',
    );
    expect(one({ creator: 'revoked' }, 4, revoke).codes.verdict).toBe('valid');
    const byAnother = (ledger: LedgerBuilder) => revoke(ledger, AUTHORITIES.Org2MSP);
    expect(one({ creator: 'revoked' }, 0, byAnother).codes.verdict).toBe('valid');
  });

  it('does not mind that a certificate has expired, as Fabric’s committers do not', () => {
    introduce(
      'expired',
      AUTHORITIES.Org1MSP.issue('expired', ['client'], {
        notBefore: '261102000000Z',
        notAfter: '261103000000Z',
      }),
    );
    expect(one({ creator: 'expired' }).codes.verdict).toBe('valid');
  });

  it.each<[string, readonly string[]]>([
    ['has 0 of the roles', []],
    ['has 2 of the roles', ['client', 'peer']],
  ])('refuses a creator who %s', (why, units) => {
    introduce('odd', AUTHORITIES.Org1MSP.issue('odd', units));
    expect(derived(one({ creator: 'odd' }, 0))).toContain(why);
    expect(one({ creator: 'odd' }, 4).codes.verdict).toBe('valid');
  });

  it('refuses a self-made identity', () => {
    const impostor = { ...AUTHORITIES.Org2MSP.issue('impostor', ['client']), mspid: 'Org1MSP' };
    introduce('impostor', impostor);
    expect(derived(one({ creator: 'impostor' }, 0))).toContain('no authority of Org1MSP issued it');
  });

  it('knows an id that does not follow from nonce and creator', () => {
    expect(derived(one({ id: 'ab'.repeat(32) }, 0))).toMatch(
      /^is VALID, but BAD_PROPOSAL_TXID follows: nonce and creator make the id [0-9a-f]{64}$/,
    );
    expect(one({ id: 'ab'.repeat(32) }, 8).codes.verdict).toBe('valid');
  });

  it.each<[number, string, Parameters<typeof resign>[2]]>([
    [
      5,
      'what was asked is not what the endorsers answered',
      (_, action) => {
        action.chaincode_proposal_payload = Buffer.concat([
          action.chaincode_proposal_payload,
          Buffer.from([0x12, 0]),
        ]);
      },
    ],
    [
      3,
      'the epoch is 4',
      ({ header }) => {
        if (!header) return;
        const channel = common.ChannelHeader.decode(header.channel_header ?? Buffer.alloc(0));
        channel.epoch = 4;
        header.channel_header = common.ChannelHeader.encode(channel).finish();
      },
    ],
    [
      3,
      'header type 5 has no place in a block',
      ({ header }) => {
        if (!header) return;
        const channel = common.ChannelHeader.decode(header.channel_header ?? Buffer.alloc(0));
        channel.type = 5;
        header.channel_header = common.ChannelHeader.encode(channel).finish();
      },
    ],
    [
      3,
      'there is no nonce',
      ({ header }) => {
        if (!header) return;
        const signature = common.SignatureHeader.decode(header.signature_header ?? Buffer.alloc(0));
        signature.nonce = Buffer.alloc(0);
        header.signature_header = common.SignatureHeader.encode(signature).finish();
      },
    ],
  ])('derives %s: %s', (code, why, edit) => {
    const judged = (stored: number) => {
      const result = one({}, stored);
      resign(result.recording, result.block, edit);
      return { ...result, codes: judge(codesDerived, result.recording) };
    };
    expect(derived(judged(0))).toContain(why);
    expect(judged(code).codes.verdict).toBe('valid');
  });

  const written = (change: (simulation: Simulation) => void) => ({ tamper: change });

  it('knows chaincodes that the channel does not have', () => {
    const elsewhere = written((simulation) => {
      simulation.foreign = new Map([['unheard', new Map([['k', 'v']])]]);
    });
    expect(derived(one(elsewhere, 0))).toBe(
      'is VALID, but INVALID_CHAINCODE follows: the channel has no chaincode unheard',
    );
    expect(one(elsewhere, 25).codes.verdict).toBe('valid');
  });

  it('knows events of another chaincode, and what CouchDB cannot hold', () => {
    const event = written((simulation) => {
      simulation.event = { name: 'e', payload: 'p', chaincode: 'other' };
    });
    expect(derived(one(event, 0))).toContain('its event is of another chaincode');
    expect(one(event, 255).codes.verdict).toBe('valid');
    const own = written((simulation) => {
      simulation.event = { name: 'e', payload: 'p' };
    });
    expect(one(own).codes.verdict).toBe('valid');
    for (const [key, value] of [
      ['_design', 'x'],
      ['doc', '{"_rev":"1"}'],
      ['doc', '{"a":{},"~version":1}'],
    ] as const) {
      const reserved = written(({ writes }) => writes.set(key, value));
      expect(derived(one(reserved, 0))).toMatch(/^is VALID, but INVALID_WRITESET follows/);
      expect(one(reserved, 24).codes.verdict).toBe('valid');
    }
    const harmless = written(({ writes }) => writes.set('doc', '{"a":{"_rev":"_x"},"b":"\\"_"}'));
    expect(one(harmless).codes.verdict).toBe('valid');
  });

  const EITHER = outOf(1, ['Org1MSP', ROLES.PEER], ['Org2MSP', ROLES.PEER]);
  const ONE = outOf(1, ['Org1MSP', ROLES.PEER]);

  it('follows the definition in force: a new policy counts from the block after it', () => {
    const redefine = (ledger: LedgerBuilder): void => {
      ledger.submit('transfer', ['a3', 'a4', '1'], {
        tamper: (simulation) => {
          simulation.definitions = definitionState('bank', { sequence: 2, endorsement: EITHER });
        },
      });
      ledger.cut();
    };
    expect(one({ peers: ['peer0.org1'] }, 0, redefine).codes.verdict).toBe('valid');
    expect(derived(one({ peers: ['peer0.org1'] }, 10, redefine))).toMatch(/but VALID follows/);
    expect(one({ peers: ['peer0.org1'] }, 0).codes.verdict).toBe('invalid');
  });

  it('is unknown where a plugin validates', () => {
    const plugin = (ledger: LedgerBuilder): void => {
      ledger.submit('transfer', ['a3', 'a4', '1'], {
        tamper: (simulation) => {
          simulation.definitions = definitionState('bank', { plugin: 'own' });
        },
      });
      ledger.cut();
    };
    expect(one({}, 0, plugin).codes).toMatchObject({
      verdict: 'unknown',
      reason: '1 codes were not derived: bank is validated by a plugin of its own, own',
      counts: { 'codes not derived': 1 },
    });
  });

  describe('with policies of keys', () => {
    const guard = (parameter: Buffer | null) => ({
      tamper: (simulation: Simulation) => {
        simulation.parameters = new Map([['account:a1', parameter]]);
      },
    });
    const guarded = (ledger: LedgerBuilder): void => {
      ledger.submit('transfer', ['a1', 'a2', '1'], guard(ONE));
      ledger.cut();
    };

    it('takes the key’s own in place of the chaincode’s', () => {
      const only = {
        peers: ['peer0.org1'],
        tamper: ({ writes }: Simulation) => void writes.delete('account:a2'),
      };
      expect(one(only, 0, guarded).codes.verdict).toBe('valid');
      expect(one(only, 0).codes.verdict).toBe('invalid');
      const other = { ...only, peers: ['peer0.org2'] };
      expect(one(other, 10, guarded).codes.verdict).toBe('valid');
      expect(one(other, 0, guarded).codes.verdict).toBe('invalid');
    });

    it('asks for the chaincode’s too where another key is written', () => {
      expect(one({ peers: ['peer0.org1'] }, 0, guarded).codes.verdict).toBe('invalid');
      expect(one({}, 0, guarded).codes.verdict).toBe('valid');
    });

    it('keeps it when the value is written again, and drops it when it is removed', () => {
      const rewritten = (ledger: LedgerBuilder): void => {
        guarded(ledger);
        ledger.submit('transfer', ['a1', 'a3', '1']);
        ledger.cut();
      };
      const removed = (ledger: LedgerBuilder): void => {
        guarded(ledger);
        ledger.submit('transfer', ['a1', 'a3', '1'], guard(null));
        ledger.cut();
      };
      const only = {
        peers: ['peer0.org1'],
        tamper: ({ writes }: Simulation) => void writes.delete('account:a2'),
      };
      expect(one(only, 0, rewritten).codes.verdict).toBe('valid');
      expect(one(only, 0, removed).codes.verdict).toBe('invalid');
    });

    it('refuses who writes a key whose policy an earlier transaction of the block changes', () => {
      const ledger = opened();
      const first = ledger.endorse('transfer', ['a1', 'a2', '1'], guard(ONE));
      const second = ledger.endorse('transfer', ['a5', 'a6', '1'], {
        tamper: ({ writes }) => writes.set('account:a1', 'x'),
      });
      ledger.order(first);
      ledger.order(second);
      ledger.forcedCodes.set(`${ledger.height}:1`, 10);
      ledger.cut();
      expect(judge(codesDerived, ledger.recording()).verdict).toBe('valid');
    });
  });

  describe('with private data', () => {
    const collections = [
      { name: 'shared', members: ['Org1MSP', 'Org2MSP'] },
      { name: 'own', members: ['Org1MSP'], endorsement: ONE },
    ];
    const define = (ledger: LedgerBuilder): void => {
      ledger.submit('transfer', ['a3', 'a4', '1'], {
        tamper: (simulation) => {
          simulation.definitions = definitionState('bank', { collections });
        },
      });
      ledger.cut();
    };
    const secret = (collection: string, peers: readonly string[]) => ({
      peers,
      tamper: (simulation: Simulation) => {
        simulation.writes.clear();
        simulation.secrets = new Map([[collection, new Map([['k', 'v']])]]);
      },
    });
    const both = ['peer0.org1', 'peer0.org2'];

    it.each<[string, readonly string[], number, 'valid' | 'invalid']>([
      ['shared', both, 0, 'valid'],
      ['shared', ['peer0.org1'], 0, 'invalid'],
      ['shared', ['peer0.org1'], 10, 'valid'],
      ['own', ['peer0.org1'], 0, 'valid'],
      ['own', ['peer0.org2'], 0, 'invalid'],
      ['own', ['peer0.org2'], 10, 'valid'],
      ['none', both, 0, 'invalid'],
      ['none', both, 10, 'valid'],
      ['_implicit_org_Org1MSP', ['peer1.org1'], 0, 'valid'],
      ['_implicit_org_Org1MSP', ['peer1.org2'], 0, 'invalid'],
      ['_implicit_org_Org3MSP', both, 10, 'valid'],
    ])('collection %s, endorsed by %j, code %i: %s', (collection, peers, code, verdict) => {
      expect(one(secret(collection, peers), code, define).codes.verdict).toBe(verdict);
    });
  });
});
