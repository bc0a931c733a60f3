/** IP address by machine number. */
export type MachineAddresses = Readonly<Record<number, string>>;

/** The addresses of machines by their numbers. */
export const addressesOf = (
  machines: readonly { readonly number: number; readonly address: string }[],
): MachineAddresses => Object.fromEntries(machines.map(({ number, address }) => [number, address]));
