/** What the manifest says about a file. */
export interface ListedFile {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** As bytes arrive: how many so far, and whether they were kept from an earlier time. */
  readonly onBytes?: ((bytes: number, cached: boolean) => void) | undefined;
  /** Absent for the manifest itself. Whoever reads verifies; a source may use it to keep files. */
  readonly listed?: ListedFile | undefined;
}

/** Where a bundle's files come from: a directory, a web server, memory. */
export interface BundleSource {
  /** For people: where this is. */
  readonly location: string;
  /**
   * @param path as in the manifest, already checked to lie inside the bundle
   * @throws BundleError that names the file if it cannot be read
   */
  read(path: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
}
