import type { ChannelCheck } from '../checker.ts';
import { CODES, SIGNATURES } from '../validation/validation.ts';

export const signaturesVerify: ChannelCheck = {
  scope: 'channel',
  definition: SIGNATURES,
  validates: true,
  create: ({ validation }) => ({ finish: () => validation.finish().signatures.result() }),
};

export const codesDerived: ChannelCheck = {
  scope: 'channel',
  definition: CODES,
  validates: true,
  create: ({ validation }) => ({ finish: () => validation.finish().codes.result() }),
};
