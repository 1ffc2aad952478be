/**
 * SHA-256 (FIPS 180-4). The browser's own is there on secure origins alone; Jupyter is often served without TLS.
 */

/** The hash of bytes, in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  const { initial, constants } = CONSTANTS;
  const hash = Uint32Array.from(initial);
  const view = new DataView(padded(bytes).buffer);
  const words = new Uint32Array(64);
  for (let start = 0; start < view.byteLength; start += 64) {
    for (let i = 0; i < 16; i++) {
      words[i] = view.getUint32(start + 4 * i);
    }
    for (let i = 16; i < 64; i++) {
      const [w2, w15] = [words[i - 2], words[i - 15]];
      const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
      const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
      words[i] = words[i - 16] + s0 + words[i - 7] + s1;
    }
    compress(hash, words, constants);
  }
  return [...hash].map(word => word.toString(16).padStart(8, '0')).join('');
}

function compress(hash: Uint32Array, words: Uint32Array, constants: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = hash;
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[i] + words[i]) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, at) => (hash[at] += word));
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The bytes, a one bit, zeros, and the length in bits: whole blocks of 64. */
function padded(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setUint32(all.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(all.length - 4, bytes.length * 8);
  return all;
}

/** The fractions of the square roots of 8 primes, and of the cube roots of 64. */
const CONSTANTS = (() => {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) {
    if (primes.every(prime => n % prime !== 0)) {
      primes.push(n);
    }
  }
  const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);
  return {
    initial: Uint32Array.from(primes.slice(0, 8), prime => fraction(Math.sqrt(prime))),
    constants: Uint32Array.from(primes, prime => fraction(Math.cbrt(prime)))
  };
})();
