import type { FirstTransfer } from '../network/machines/network.ts';

/** What the example reads besides the API's URL. */
export interface ExampleFacts {
  readonly channel: string;
  readonly organisation: string;
  readonly transfer: Pick<FirstTransfer, 'transactionId'>;
}

/**
 * Shell lines that work as they are pasted, again and again: register a user with a password, keep the token, and ask for
 * the first transfer. Nothing but a POSIX shell, curl and sed is needed. `$$` and the time make the user's name new.
 *
 * @param url of the REST API, e.g. `http://10.0.0.11:4000/`
 */
export function curlExample(
  url: string,
  { channel, organisation, transfer }: ExampleFacts,
): string {
  const base = url.replace(/\/$/, '');
  return [
    `API=${base}`,
    `TOKEN=$(curl -sS $API/users -d username=jim-$$-$(date +%s) -d orgName=${organisation} \\`,
    `  -d password=correct-horse-battery | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `curl -sS -H "Authorization: Bearer $TOKEN" $API/channels/${channel}; echo`,
    `curl -sS -H "Authorization: Bearer $TOKEN" $API/channels/${channel}/transactions/${transfer.transactionId} | head -c 300; echo`,
  ].join('\n');
}
