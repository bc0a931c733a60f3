/**
 * Loaded into the scenarios' process before jest. That process is ended with `--forceExit` on purpose: connections into a
 * network that scenarios have broken may stay open. Jest advises its reader about it each time; who runs scenarios can do
 * nothing with that.
 */
const { warn } = console;

console.warn = (...words: readonly unknown[]): void => {
  if (!String(words[0]).includes('Force exiting Jest')) warn(...words);
};
