import type { FirstTransfer } from '../network/deployed.ts';

/** What the example reads besides the API's URL. */
export interface ExampleFacts {
  /** Of the network. */
  readonly name: string;
  readonly channel: string;
  readonly organisation: string;
  readonly transfer: Pick<FirstTransfer, 'transactionId'>;
}

/**
 * Shell lines that work as they are pasted in the project's folder, again and again: an admin's token from the harness,
 * a user whom the admin registers, and the first transfer as that user sees it. Beside the harness a POSIX shell, curl and
 * sed are needed. `$$` and the time make the user's name new.
 *
 * @param url of the REST API, e.g. `http://10.0.0.11:4000/`
 */
export function curlExample(
  url: string,
  { name, channel, organisation, transfer }: ExampleFacts,
): string {
  const base = url.replace(/\/$/, '');
  return [
    `API=${base}`,
    `ADMIN=$(npx harness --name ${name} token ${organisation})`,
    `TOKEN=$(curl -sS -H "Authorization: Bearer $ADMIN" $API/users -d username=jim-$$-$(date +%s) \\`,
    `  -d orgName=${organisation} -d password=correct-horse-battery | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `curl -sS -H "Authorization: Bearer $TOKEN" $API/channels/${channel}; echo`,
    `curl -sS -H "Authorization: Bearer $TOKEN" $API/channels/${channel}/transactions/${transfer.transactionId} | head -c 300; echo`,
  ].join('\n');
}
