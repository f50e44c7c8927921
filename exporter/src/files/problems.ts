const sentences: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would become larger than is allowed here',
  EROFS: 'the file system is read-only',
  EISDIR: 'a directory is there',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
};

/** Why something could not be written, for the end of an error message. */
export function writeProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const sentence = code === undefined ? undefined : sentences[code];
  return `cannot be written (${sentence ? `${sentence}: ${code}` : message})`;
}

/** Why something could not be read, for the end of an error message. */
export function readProblem(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'ENOENT':
      return 'does not exist';
    case 'ENOTDIR':
      return 'is not a directory';
    case 'EISDIR':
      return 'is a directory';
    default:
      return `cannot be read (${cause.message})`;
  }
}
