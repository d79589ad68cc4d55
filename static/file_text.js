// The text of a file, whatever program saved it: spreadsheets and shells write UTF-16, and logs are compressed.

/** @type {(file: Blob) => Promise<ArrayBuffer>} */
const unpacked = (file) =>
  new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

/** Every other byte of UTF-16 is 0 where nearly all characters are ASCII.
 *  @type {(bytes: Uint8Array) => string} */
const encodingOf = (bytes) => {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  const zeros = [0, 0];
  const beginning = bytes.subarray(0, 2000);
  for (const [place, byte] of beginning.entries()) if (!byte) zeros[place % 2] += 1;
  if (zeros[1] > beginning.length / 3) return "utf-16le";
  return zeros[0] > beginning.length / 3 ? "utf-16be" : "utf-8";
};

/** @type {(bytes: Uint8Array) => string} */
const decoded = (bytes) => {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
};

/** The text of a file. A damaged archive rejects.
 *  @type {(file: Blob) => Promise<string>} */
export const textOf = async (file) => {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = first === 0x1f && second === 0x8b;
  return decoded(new Uint8Array(await (packed ? unpacked(file) : file.arrayBuffer())));
};
