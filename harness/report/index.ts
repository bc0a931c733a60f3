/** What other folders use of the report. */
export { earlierRuns, markFlaky } from './flaky.ts';
export { reportToGitHub } from './github.ts';
export { BRING_UP_FOLDER } from './model.ts';
export { parseResults } from './schema.ts';
export { closingLine, runVerdict, tally } from './summary.ts';
export { formatScorecard } from './terminal.ts';
export { readResults, type WrittenReport, writeReport } from './write.ts';
