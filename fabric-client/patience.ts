/**
 * How many times longer than on an ordinary machine everything may take here. One number for the process and all that it
 * starts, which is why it stands in the environment: a slow machine is slow for every part of a program.
 */

/** The environment variable that holds the number, 1 if it is not set. */
export const PATIENCE = 'HARNESS_PATIENCE';

/** The number; at least 1. */
export function patience(env: NodeJS.ProcessEnv = process.env): number {
  return Math.max(1, Number(env[PATIENCE]) || 1);
}

/** A budget as this machine needs it. @param ms as an ordinary machine needs it, milliseconds */
export const patient = (ms: number): number => ms * patience();
