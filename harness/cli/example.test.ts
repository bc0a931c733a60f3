import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { curlExample } from './example.ts';

const example = curlExample('http://10.0.0.11:4000/', {
  name: 'fabric',
  channel: 'mychannel',
  organisation: 'Org1',
  transfer: { transactionId: 'ab12' },
});

describe('curlExample', () => {
  it('passes the token of the registration on when a shell runs it as pasted', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'example-'));
    try {
      const curl = path.join(folder, 'curl');
      const calls = path.join(folder, 'calls');
      writeFileSync(
        curl,
        `#!/bin/sh\necho "$*" >> '${calls}'\necho '{"success":true,"token":"t0.k-e_n","expiresIn":1,"secret":"s"}'\n`,
      );
      chmodSync(curl, 0o755);
      const npx = path.join(folder, 'npx');
      writeFileSync(
        npx,
        '#!/bin/sh\n[ "$*" = "harness --name fabric token Org1" ] && echo admin.t0k.en\n',
      );
      chmodSync(npx, 0o755);
      const { status, stderr } = spawnSync('sh', ['-euc', example], {
        encoding: 'utf8',
        env: { PATH: `${folder}:${process.env.PATH}` },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const [register, ...reads] = readFileSync(calls, 'utf8').trim().split('\n');
      expect(register).toMatch(
        /^-sS -H Authorization: Bearer admin\.t0k\.en http:\/\/10\.0\.0\.11:4000\/users -d username=jim-\d+-\d+ -d orgName=Org1 -d password=correct-horse-battery$/,
      );
      expect(reads).toEqual(
        ['channels/mychannel', 'channels/mychannel/transactions/ab12'].map(
          (what) => `-sS -H Authorization: Bearer t0.k-e_n http://10.0.0.11:4000/${what}`,
        ),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
