import { ACCOUNT_PREFIX, moneyOf, parseAccount } from './bank.ts';
import { canonicalJson } from './canonical.ts';
import type { AppliedBlock, Replay } from './replay.ts';

/**
 * What each read function of the bank chaincode answers at the height that the replay is at. Sums and owners are kept up
 * to date block by block, so that an answer costs no more than the keys it is about.
 */
export class BankView {
  readonly #replay: Replay;
  readonly #chaincode: string;
  /** Keys whose changes are kept for `history` reads. */
  readonly #followed: ReadonlySet<string>;
  readonly #changes = new Map<
    string,
    { readonly txId: string; readonly balance: number | null }[]
  >();
  readonly #owned = new Map<string, Set<string>>();
  #total = 0n;

  constructor(replay: Replay, chaincode: string, followed: Iterable<string>) {
    this.#replay = replay;
    this.#chaincode = chaincode;
    this.#followed = new Set(followed);
  }

  /** Takes a block's changes in, after the replay has applied it. */
  apply({ transactions }: AppliedBlock): void {
    for (const { transaction, changes } of transactions) {
      for (const change of changes) {
        const { namespace, key, before, after } = change;
        if (namespace !== this.#chaincode || !key.startsWith(ACCOUNT_PREFIX)) continue;
        const money = moneyOf(change);
        this.#total += (money.after ?? 0n) - (money.before ?? 0n);
        const isFollowed = this.#followed.has(key);
        if (before !== null && !isFollowed) continue;
        const account = after === null ? undefined : parseAccount(key, after);
        if (before === null && account) this.#own(account.owner, key);
        if (!isFollowed) continue;
        const changesOfKey = this.#changes.get(key) ?? [];
        changesOfKey.push({ txId: transaction.id, balance: account?.balance ?? null });
        this.#changes.set(key, changesOfKey);
      }
    }
  }

  #own(owner: string, key: string): void {
    this.#owned.set(owner, (this.#owned.get(owner) ?? new Set()).add(key));
  }

  /**
   * Answer of a function, JSON in canonical form.
   *
   * @returns `null` if the chaincode would refuse (no such account), `undefined` for a function that is not known here
   */
  answer(name: string, args: readonly string[]): string | null | undefined {
    const first = String(args[0]);
    switch (name) {
      case 'balance':
        return this.#balance(first)?.toString() ?? null;
      case 'account': {
        const value = this.#value(ACCOUNT_PREFIX + first);
        return value === null ? null : canonicalText(value);
      }
      case 'query':
        return this.#value(first);
      case 'total':
        return this.#total.toString();
      case 'read': {
        const balances = new Map(args.map((id) => [id, this.#balance(id)]));
        const complete = [...balances.values()].every((balance) => balance !== undefined);
        return complete ? canonicalJson(Object.fromEntries(balances)) : null;
      }
      case 'accountsByOwner': {
        const keys = [...(this.#owned.get(first) ?? [])].sort((a, b) => (a < b ? -1 : 1));
        return `[${keys.map((key) => canonicalText(this.#value(key) ?? 'null')).join(',')}]`;
      }
      case 'history': {
        const changes = this.#changes.get(ACCOUNT_PREFIX + first);
        return changes ? canonicalJson(changes) : null;
      }
    }
    return undefined;
  }

  #value(key: string): string | null {
    const value = this.#replay.get(this.#chaincode, key)?.value;
    return value === undefined ? null : Buffer.from(value, 'latin1').toString('utf8');
  }

  #balance(id: string): number | undefined {
    const key = ACCOUNT_PREFIX + id;
    const value = this.#replay.get(this.#chaincode, key)?.value;
    return value === undefined ? undefined : parseAccount(key, value)?.balance;
  }
}

/** JSON in canonical form; what is none (a damaged block) as it is. */
function canonicalText(text: string): string {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return text;
  }
}

const JSON_ANSWERS = new Set(['account', 'read', 'accountsByOwner', 'history']);

/** A client's result in the form of {@link BankView.answer}. */
export function normaliseAnswer(name: string, result: string): string {
  if (!JSON_ANSWERS.has(name)) return result;
  try {
    const parsed: unknown = JSON.parse(result);
    if (name !== 'history' || !Array.isArray(parsed)) return canonicalJson(parsed);
    // Times are the clients' own and not in the read-write set.
    return canonicalJson(parsed.map(({ txId, balance }) => ({ txId, balance })));
  } catch {
    return result;
  }
}
