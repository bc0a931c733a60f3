/**
 * Single changes to a recording that change nothing of what it proves, by the label that `forging.ts` gives them, and why.
 * Everything that is not in this list must be noticed.
 */
const MEANINGLESS: readonly (readonly [RegExp, string])[] = [
  [/^event at$/, 'when a listener was told is not judged, what and in which order is'],
  [/^history \w+\.at$/, 'a moment that still lies between its neighbours'],
  [/^history complete\.acknowledgedAt$/, 'a moment between begin and end of the operation'],
  [
    /^history height\.(height|source)$/,
    "a lower sample, or another node's, that fits between its neighbours",
  ],
  [/^line history height /, 'samples of heights are many, and each says little'],
  [/^history (invoke\.(client|intent)|complete\.(error|stage|orderer))$/, 'words for readers'],
  [
    /^history complete\.responses/,
    'answers that agree with each other prove nothing beyond the endorsements in the chain',
  ],
  [
    /^history complete\.height(Before|After)$/,
    'a window that is wider by a height, and still holds the answer',
  ],
  [
    / of what left no trace$/,
    'what was asked and never came to the chain can be compared with nothing',
  ],
  [/^history invoke\.peers$/, 'whom a client meant to ask; who endorsed is in the chain'],
  [/^history (mark|fault)\./, 'words and numbers of faults for readers, or a moment'],
  [/^line history (mark|fault) doubled$/, 'says the same twice'],
  [/^line event before the scenario dropped$/, 'a listener may begin with the scenario'],
  [/^line history mark dropped$/, 'a remark'],
  [
    /^ordering time to cut\.block$/,
    'one that came too late, for another block that had been cut by then as well',
  ],
  [/^state savepoint value$/, 'the transaction of the savepoint; its block is judged'],
];

/** Why a change means nothing; `undefined` if it does mean something. */
export function meaningless(label: string): string | undefined {
  return MEANINGLESS.find(([pattern]) => pattern.test(label))?.[1];
}
