import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { type ChaincodeConnection, packageChaincode } from './chaincode-package.ts';

const CONNECTION: ChaincodeConnection = {
  address: 'bank.{{.peername}}:7052',
  dial_timeout: '10s',
  tls_required: true,
  root_cert: 'PEM',
};

async function untar(bytes: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const stream = extract();
  stream.end(gunzipSync(bytes));
  for await (const entry of stream) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) {
      chunks.push(chunk as Buffer);
    }
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}

describe('packageChaincode', () => {
  it('packs what an external builder for chaincode as a service reads', async () => {
    const { bytes } = await packageChaincode('bank_1.0', CONNECTION, {
      'META-INF/statedb/couchdb/indexes/owner.json': '{"index":1}',
    });
    const outer = await untar(bytes);
    expect([...outer.keys()]).toEqual(['code.tar.gz', 'metadata.json']);
    expect(JSON.parse(String(outer.get('metadata.json')))).toEqual({
      type: 'ccaas',
      label: 'bank_1.0',
    });
    const code = await untar(outer.get('code.tar.gz') as Buffer);
    expect([...code.keys()]).toEqual([
      'META-INF/statedb/couchdb/indexes/owner.json',
      'connection.json',
    ]);
    expect(JSON.parse(String(code.get('connection.json')))).toEqual(CONNECTION);
  });

  it('names the package by label and digest, and gives the same bytes every time', async () => {
    const first = await packageChaincode('bank_1.0', CONNECTION, { b: '2', a: '1' });
    const second = await packageChaincode('bank_1.0', { ...CONNECTION }, { a: '1', b: '2' });
    expect(second.bytes.equals(first.bytes)).toBe(true);
    const digest = createHash('sha256').update(first.bytes).digest('hex');
    expect(first.packageId).toBe(`bank_1.0:${digest}`);
  });

  it('gives another id for another connection, label or file', async () => {
    const ids = await Promise.all([
      packageChaincode('bank_1.0', CONNECTION),
      packageChaincode('bank_1.1', CONNECTION),
      packageChaincode('bank_1.0', { ...CONNECTION, dial_timeout: '3s' }),
      packageChaincode('bank_1.0', CONNECTION, { 'owner.json': '{}' }),
    ]);
    expect(new Set(ids.map(({ packageId }) => packageId)).size).toBe(4);
  });

  it('refuses a label that Fabric refuses', async () => {
    await expect(packageChaincode('bank 1', CONNECTION)).rejects.toThrow(/saw "bank 1"/);
    await expect(packageChaincode('bank__1', CONNECTION)).rejects.toThrow(/single/);
  });
});
