import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../base/errors.ts';

/** Fabric's shim for Go, in the order of their age, below `vendor/`. */
const SHIMS = [
  'github.com/hyperledger/fabric-chaincode-go/v2/shim',
  'github.com/hyperledger/fabric-chaincode-go/shim',
];

const START = /^func Start\(cc Chaincode\) error \{/m;

const SERVE = `package shim

import "os"

// Start serves the chaincode where the environment names an address, with the shim's own server.
func Start(cc Chaincode) error {
	address := os.Getenv("CHAINCODE_SERVER_ADDRESS")
	if address == "" {
		return startAsClient(cc)
	}
	tls := TLSProperties{Disabled: true}
	if os.Getenv("CHAINCODE_TLS_DISABLED") == "false" {
		key, err := os.ReadFile(os.Getenv("CHAINCODE_TLS_KEY"))
		if err != nil {
			return err
		}
		cert, err := os.ReadFile(os.Getenv("CHAINCODE_TLS_CERT"))
		if err != nil {
			return err
		}
		tls = TLSProperties{Key: key, Cert: cert}
	}
	server := &ChaincodeServer{CCID: os.Getenv("CHAINCODE_ID"), Address: address, CC: cc, TLSProps: tls}
	return server.Start()
}
`;

/**
 * Has `shim.Start`, in which contracts end, serve instead of calling the peer: by the shim's own `ChaincodeServer`.
 * The contract, and all of the shim that it meets during a transaction, stay as they are.
 *
 * @param folder module with its dependencies in `vendor/`
 * @throws UsageError when no shim that can serve is among them
 */
export function serveInsteadOfDialling(folder: string): void {
  const shims = SHIMS.map((shim) => path.join(folder, 'vendor', shim)).filter((shim) =>
    existsSync(path.join(shim, 'shim.go')),
  );
  for (const shim of shims) {
    const file = path.join(shim, 'shim.go');
    const source = readFileSync(file, 'utf8');
    if (!START.test(source) || !existsSync(path.join(shim, 'chaincodeserver.go'))) continue;
    writeFileSync(file, source.replace(START, 'func startAsClient(cc Chaincode) error {'));
    writeFileSync(path.join(shim, 'serve.go'), SERVE);
    return;
  }
  throw new UsageError([
    `--chaincode: ${folder}: expected a fabric-chaincode-go that can serve (since 2020) among the modules, ` +
      `seen ${shims.length > 0 ? 'an older one' : 'none'}`,
  ]);
}
