/** Held while a network is looked for and brought up. */
export const startLock = (network: string): string => `network-${network}`;

/** Held by whoever must have a network to itself: test runs. */
export const useLock = (network: string): string => `use-${network}`;
