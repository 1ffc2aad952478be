/**
 * Sizes and times of models as a reader reads them. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

/** Bytes, in the largest unit of 1000 that leaves a number of at least 1. */
export function bytesText(bytes: number, trans: TranslationBundle): string {
  if (bytes < 1000) {
    return trans.__('%1 bytes', bytes);
  }
  if (bytes < 1e6) {
    return trans.__('%1 kB', rounded(bytes / 1e3));
  }
  return bytes < 1e9
    ? trans.__('%1 MB', rounded(bytes / 1e6))
    : trans.__('%1 GB', rounded(bytes / 1e9));
}

/** The number of a model's parameters. */
export function parametersText(count: number, trans: TranslationBundle): string {
  if (count < 1e6) {
    return trans.__('%1 parameters', count.toLocaleString());
  }
  return count < 1e9
    ? trans.__('%1 M parameters', rounded(count / 1e6))
    : trans.__('%1 B parameters', rounded(count / 1e9));
}

/** How long something takes from now. */
export function timeLeftText(seconds: number, trans: TranslationBundle): string {
  if (seconds < 60) {
    return trans.__('%1 s left', Math.ceil(seconds));
  }
  return seconds < 3600
    ? trans.__('%1 min left', Math.ceil(seconds / 60))
    : trans.__('%1 h left', rounded(seconds / 3600));
}

/** Two digits are enough: 1.2, 12, 123. */
function rounded(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
