import { createHash } from 'node:crypto';

/** Where a scenario leaves its evidence, and on which channel it runs. */
export interface ScenarioNames {
  /** Below the run's folder, e.g. `scenarios/crash-an-orderer`. */
  readonly folder: string;
  readonly channel: string;
}

/** Characters that a reader sees of a scenario's name in a folder's and in a channel's name. */
const FOLDER_LETTERS = 40;
const CHANNEL_LETTERS = 24;
/** Enough that two of a few thousand names do not meet. */
const HASH_LETTERS = 10;
const LONGEST = 200;

/**
 * Folder and channel of a scenario. Two names never share either: where letters are lost on the way (other scripts,
 * punctuation, length), a hash of the whole name stands for them.
 *
 * @param name as its author wrote it, in any script
 * @param suffix of the run's channels, so that a network can serve several runs
 * @throws Error when the name is empty, longer than 200 characters or has characters that nobody sees
 */
export function namesOf(name: string, suffix: string): ScenarioNames {
  if (name.trim() === '' || name.length > LONGEST || /\p{C}/u.test(name)) {
    throw new Error(
      `scenario ${JSON.stringify(name.slice(0, 60))}: expected a name of one line, with letters, ` +
        `of at most ${LONGEST} characters`,
    );
  }
  const words = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  // Such a name can be read back from its folder, so no other name has the same.
  const faithful = /^[a-z0-9]+(?: [a-z0-9]+)*$/.test(name);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LETTERS);
  const shortened = (most: number, exact: boolean): string => {
    if (exact && words.length <= most) return words;
    return [words.slice(0, most).replace(/-$/, ''), hash].filter(Boolean).join('-');
  };
  // Fabric wants a letter first (common/configtx/validator.go, channelAllowedChars).
  const letterFirst = /^[a-z]/.test(words);
  const channel = shortened(CHANNEL_LETTERS, faithful && letterFirst);
  return {
    folder: `scenarios/${shortened(FOLDER_LETTERS, faithful)}`,
    channel: `${letterFirst ? channel : `s-${channel}`}-${suffix}`,
  };
}
