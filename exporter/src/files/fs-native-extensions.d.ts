/** The one function of the package that is used; it comes without types. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock of the operating system on bytes of an open file; false if another holder has it. */
  export function tryLock(descriptor: number, offset: number, length: number): boolean;
}
