import { type Fault, notConfirmed, type Role, targetName } from '../model.ts';

/** A fault that does nothing, as a negative control: a run that contains it must fail. */
export function noop(role: Role): Fault {
  return {
    kind: 'noop',
    text: 'noop',
    role,
    available: async () => undefined,
    prepare: async (_, targets) => ({
      inject: async () => {},
      verify: async () => notConfirmed(`${targets.map(targetName).join(', ')}: no effect`),
      heal: async () => {},
      verifyHealed: async () => notConfirmed('there was nothing to heal'),
    }),
  };
}
