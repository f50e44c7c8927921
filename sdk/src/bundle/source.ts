/** Where a bundle's files come from: a directory, a web server, memory. */
export interface BundleSource {
  /** For people: where this is. */
  readonly location: string;
  /**
   * @param path as in the manifest, already checked to lie inside the bundle
   * @throws BundleError that names the file if it cannot be read
   */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}
