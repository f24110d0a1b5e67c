/**
 * Tells one content from another where nobody means to deceive. A cryptographic hash would have each start load node:crypto, which takes ten
 * milliseconds.
 */
import { crc32 } from "node:zlib";

/** CRC-32 as eight hexadecimal digits. */
export const checksum = (content: string | Uint8Array): string => crc32(content).toString(16).padStart(8, "0");
