/**
 * Pictures as models take them: PNG, JPEG, GIF or WebP, made smaller where they are too large.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ContextError, type IContextContent } from './kinds';

/** What every provider that takes pictures takes. */
export const PICTURE_TYPES: readonly string[] = [
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif'
];
/** Drawn as a PNG. */
export const SVG = 'image/svg+xml';

/** Pixels of the longer side: providers make larger ones smaller themselves. */
const LONGEST_SIDE = 1568;
/** Characters in base64: within the server's limit on one attachment. */
const MOST_CHARACTERS = 240_000;

/**
 * A picture that can be sent.
 *
 * @throws ContextError when it cannot be drawn.
 */
export async function fittedPicture(
  mediaType: string,
  bytes: Uint8Array,
  trans: TranslationBundle
): Promise<IContextContent> {
  const base64 = toBase64(bytes);
  let image: HTMLImageElement;
  try {
    image = await loaded(`data:${mediaType};base64,${base64}`);
  } catch {
    throw new ContextError(trans.__('The picture is damaged, or of a kind that cannot be shown.'));
  }
  // An SVG may say no size.
  const width = image.naturalWidth || 600;
  const height = image.naturalHeight || 400;
  const longest = Math.max(width, height);
  const isFitting = longest <= LONGEST_SIDE && base64.length <= MOST_CHARACTERS;
  if (isFitting && PICTURE_TYPES.includes(mediaType)) {
    return { text: base64, mediaType, omitted: [] };
  }
  let scale = Math.min(1, LONGEST_SIDE / longest);
  for (const type of ['image/png', 'image/jpeg', 'image/jpeg', 'image/jpeg', 'image/jpeg']) {
    const drawn = draw(image, Math.ceil(width * scale), Math.ceil(height * scale), type);
    if (drawn.length <= MOST_CHARACTERS) {
      const size = `${Math.ceil(width * scale)} × ${Math.ceil(height * scale)}`;
      const sentence = trans.__('The picture was made smaller, to %1 pixels.', size);
      const omitted = mediaType === SVG && scale === 1 ? [] : [sentence];
      return { text: drawn, mediaType: type, omitted };
    }
    scale *= type === 'image/png' ? 1 : 0.6;
  }
  throw new ContextError(trans.__('The picture is too large.'));
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: the arguments of a call lie on the stack.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return window.btoa(binary);
}

async function loaded(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function draw(image: CanvasImageSource, width: number, height: number, type: string): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context && type === 'image/jpeg') {
    // JPEG has no transparency, and plots are drawn for white paper.
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
  }
  context?.drawImage(image, 0, 0, width, height);
  return canvas.toDataURL(type, 0.85).replace(/^[^,]*,/, '');
}
