/** What the command line gives to `harness test`. */
export interface TestOptions {
  readonly scenario?: readonly string[];
  readonly suite: string;
  /** Which part of the files, e.g. `1/3`. */
  readonly shard?: string;
  readonly seed?: string;
  /** Folder of sources or with a Dockerfile, or an image. */
  readonly chaincode?: string;
  readonly chaincodeName?: string;
  readonly chaincodeVersion?: string;
  /** Another build of it, as {@link chaincode}; scenarios upgrade to it. */
  readonly chaincodeUpgrade?: string;
  /** A signature policy's text, or the path of a policy of the channel. */
  readonly chaincodePolicy?: string;
  readonly chaincodeInit?: boolean;
  /** File of collections. */
  readonly chaincodeCollections?: string;
  /** Run the unit suite first. */
  readonly unit?: boolean;
  /** One JSON object a line on standard output: what each scenario does, and at the end how the run went. */
  readonly json?: boolean;
  /** Connection profile of a network that others run, and who reads and sends there. */
  readonly network?: string;
  /** MSP folders, `MSPID=FOLDER` for those of another organisation than the profile's. */
  readonly identity?: readonly string[];
  readonly channel?: string;
  /** `peer=url` each. */
  readonly couchdb?: readonly string[];
  readonly asLocalhost?: boolean;
  /** Leave a network that was brought up for this run running. */
  readonly keep?: boolean;
}
