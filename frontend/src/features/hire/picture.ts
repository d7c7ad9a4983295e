/** Looks at a chosen file before anything is sent: its real type, its size, whether it opens, its digest. */
import { sha256, toHex } from '../../lib/cid';

export const MAX_BYTES = 20 * 1024 * 1024;
export const MAX_PIXELS = 40_000_000;
export const ACCEPTED = 'image/jpeg,image/png,image/webp';

export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp';
export type Picture = {
  file: File;
  type: PictureType;
  sha256: string;
  url: string;
  width: number;
  height: number;
};
export type PictureFault = 'empty' | 'tooBig' | 'notAPicture' | 'broken' | 'tooManyPixels';

/** The type that the first bytes say, whatever name or declared type the file carries. */
export function sniffType(head: Uint8Array): PictureType | undefined {
  const starts = (bytes: readonly number[], at = 0) =>
    bytes.every((byte, index) => head[at + index] === byte);
  if (starts([0xff, 0xd8, 0xff])) return 'image/jpeg';
  if (starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png';
  if (starts([0x52, 0x49, 0x46, 0x46]) && starts([0x57, 0x45, 0x42, 0x50], 8)) return 'image/webp';
  return undefined;
}

/** What can be said from size and first bytes alone; undefined when nothing is wrong. */
export function faultOf(bytes: number, type: PictureType | undefined): PictureFault | undefined {
  if (bytes === 0) return 'empty';
  if (bytes > MAX_BYTES) return 'tooBig';
  return type ? undefined : 'notAPicture';
}

export async function readPicture(file: File): Promise<Picture | PictureFault> {
  const type = sniffType(new Uint8Array(await file.slice(0, 16).arrayBuffer()));
  const fault = faultOf(file.size, type);
  if (fault || !type) return fault ?? 'notAPicture';
  let width: number;
  let height: number;
  try {
    const bitmap = await createImageBitmap(file);
    ({ width, height } = bitmap);
    bitmap.close();
  } catch {
    return 'broken';
  }
  if (width * height > MAX_PIXELS) return 'tooManyPixels';
  const digest = toHex(await sha256(new Uint8Array(await file.arrayBuffer()))).slice(2);
  return { file, type, sha256: digest, url: URL.createObjectURL(file), width, height };
}
