/** A user's chaincode whose image every machine holds, and which has been seen to serve. */
export interface Servable {
  readonly name: string;
  /** Tag in every machine. */
  readonly image: string;
  readonly tls: boolean;
  /** See `ChaincodeServer`. */
  readonly namesRoots: boolean;
  /** Where the running code comes from, in words. */
  readonly origin: string;
  /** SHA-256 of what was given, 12 digits. */
  readonly hash: string;
}
