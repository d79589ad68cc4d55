// Inner loops of networks in AssemblyScript, four float32 numbers at a time: the functions of plain_kernels.js, on addresses.
// A pitch is the distance of two rows in bytes. Inputs of products come in multiples of 16, other counts in multiples of 4.

/** a + b c */
// @ts-ignore: a decorator of a function
@inline
function plus(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(a, f32x4.mul(b, c));
}

/** The sums of four vectors. */
// @ts-ignore: a decorator of a function
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}

/** The sum of a vector. */
// @ts-ignore: a decorator of a function
@inline
function sum(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
}

/** y += x w^T */
export function product(
  x: usize, xPitch: usize, w: usize, wPitch: usize, y: usize, yPitch: usize, rows: usize, inputs: usize, outputs: usize,
): void {
  for (let row: usize = 0; row < rows; row++) {
    let weight = w;
    let output: usize = 0;
    for (; output + 4 <= outputs; output += 4) {
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let c = f32x4.splat(0);
      let d = f32x4.splat(0);
      for (let at: usize = 0; at < inputs << 2; at += 16) {
        const input = v128.load(x + at);
        const from = weight + at;
        a = plus(a, input, v128.load(from));
        b = plus(b, input, v128.load(from + wPitch));
        c = plus(c, input, v128.load(from + 2 * wPitch));
        d = plus(d, input, v128.load(from + 3 * wPitch));
      }
      const to = y + (output << 2);
      v128.store(to, f32x4.add(v128.load(to), sums(a, b, c, d)));
      weight += 4 * wPitch;
    }
    for (; output < outputs; output++) {
      let a = f32x4.splat(0);
      for (let at: usize = 0; at < inputs << 2; at += 16) a = plus(a, v128.load(x + at), v128.load(weight + at));
      const to = y + (output << 2);
      store<f32>(to, load<f32>(to) + sum(a));
      weight += wPitch;
    }
    x += xPitch;
    y += yPitch;
  }
}

/** to += factors values, for a row of 16 numbers: ``count`` factors and rows of values, each so far from the one before. */
// @ts-ignore: a decorator of a function
@inline
function combine(to: usize, factors: usize, factorPitch: usize, values: usize, valuePitch: usize, count: usize): void {
  let a = v128.load(to);
  let b = v128.load(to, 16);
  let c = v128.load(to, 32);
  let d = v128.load(to, 48);
  for (let n: usize = 0; n < count; n++) {
    const factor = v128.load32_splat(factors);
    a = plus(a, factor, v128.load(values));
    b = plus(b, factor, v128.load(values, 16));
    c = plus(c, factor, v128.load(values, 32));
    d = plus(d, factor, v128.load(values, 48));
    factors += factorPitch;
    values += valuePitch;
  }
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}

/** dx += dy w, dw += dy^T x */
export function productBackward(
  x: usize, dx: usize, xPitch: usize, w: usize, dw: usize, wPitch: usize, dy: usize, yPitch: usize, rows: usize, inputs: usize,
  outputs: usize,
): void {
  for (let at: usize = 0; at < inputs << 2; at += 64) {
    for (let row: usize = 0; row < rows; row++) {
      combine(dx + row * xPitch + at, dy + row * yPitch, 4, w + at, wPitch, outputs);
    }
    for (let output: usize = 0; output < outputs; output++) {
      combine(dw + output * wPitch + at, dy + (output << 2), yPitch, x + at, xPitch, rows);
    }
  }
}

/** y += bias, in each row */
export function addToRows(bias: usize, y: usize, rows: usize, width: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let at: usize = 0; at < width << 2; at += 16) v128.store(y + at, f32x4.add(v128.load(y + at), v128.load(bias + at)));
    y += width << 2;
  }
}

/** dBias += the sum of rows */
export function addToRowsBackward(dBias: usize, dy: usize, rows: usize, width: usize): void {
  for (let at: usize = 0; at < width << 2; at += 16) {
    let total = v128.load(dBias + at);
    for (let row: usize = 0; row < rows; row++) total = f32x4.add(total, v128.load(dy + row * (width << 2) + at));
    v128.store(dBias + at, total);
  }
}

/** Layer norm of rows. Keeps what was normalized, and what it was scaled by. */
export function normalize(
  weight: usize, bias: usize, x: usize, y: usize, normalized: usize, scale: usize, rows: usize, width: usize, eps: f32,
): void {
  const end = width << 2;
  for (let row: usize = 0; row < rows; row++) {
    let total = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += 16) total = f32x4.add(total, v128.load(x + at));
    const mean = f32x4.splat(sum(total) / <f32>width);
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += 16) {
      const centered = f32x4.sub(v128.load(x + at), mean);
      squares = plus(squares, centered, centered);
    }
    const by: f32 = 1 / sqrt<f32>(sum(squares) / <f32>width + eps);
    store<f32>(scale, by);
    for (let at: usize = 0; at < end; at += 16) {
      const value = f32x4.mul(f32x4.sub(v128.load(x + at), mean), f32x4.splat(by));
      v128.store(normalized + at, value);
      v128.store(y + at, plus(v128.load(bias + at), value, v128.load(weight + at)));
    }
    x += end;
    y += end;
    normalized += end;
    scale += 4;
  }
}

/** Adds to the gradients of a layer norm and of its x. */
export function normalizeBackward(
  weight: usize, dWeight: usize, dBias: usize, dx: usize, dy: usize, normalized: usize, scale: usize, rows: usize, width: usize,
): void {
  const end = width << 2;
  for (let row: usize = 0; row < rows; row++) {
    let total = f32x4.splat(0);
    let along = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += 16) {
      const d = v128.load(dy + at);
      const value = v128.load(normalized + at);
      v128.store(dWeight + at, plus(v128.load(dWeight + at), d, value));
      v128.store(dBias + at, f32x4.add(v128.load(dBias + at), d));
      const scaled = f32x4.mul(d, v128.load(weight + at));
      total = f32x4.add(total, scaled);
      along = plus(along, scaled, value);
    }
    const mean = f32x4.splat(sum(total) / <f32>width);
    const slope = f32x4.splat(sum(along) / <f32>width);
    const by = v128.load32_splat(scale);
    for (let at: usize = 0; at < end; at += 16) {
      const scaled = f32x4.mul(v128.load(dy + at), v128.load(weight + at));
      const left = f32x4.sub(f32x4.sub(scaled, mean), f32x4.mul(v128.load(normalized + at), slope));
      v128.store(dx + at, plus(v128.load(dx + at), by, left));
    }
    dx += end;
    dy += end;
    normalized += end;
    scale += 4;
  }
}

/** exp(x) for x <= 0, from 2^n of the nearest n and a series for the rest; below -87 that of -87. */
// @ts-ignore: a decorator of a function
@inline
function exp(x: v128): v128 {
  const binary = f32x4.mul(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(1.4426950408889634));
  const whole = f32x4.nearest(binary);
  const rest = f32x4.mul(f32x4.sub(binary, whole), f32x4.splat(0.6931471805599453));
  let series = f32x4.splat(1.0 / 5040.0);
  series = plus(f32x4.splat(1.0 / 720.0), series, rest);
  series = plus(f32x4.splat(1.0 / 120.0), series, rest);
  series = plus(f32x4.splat(1.0 / 24.0), series, rest);
  series = plus(f32x4.splat(1.0 / 6.0), series, rest);
  series = plus(f32x4.splat(0.5), series, rest);
  series = plus(f32x4.splat(1), series, rest);
  series = plus(f32x4.splat(1), series, rest);
  const exponent = i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127));
  return f32x4.mul(series, i32x4.shl(exponent, 23));
}

/** x = GELU(x), and its slope. Mills' ratio, (1 - distribution) / density, is a polynomial in 1 / (1 + 0.28 x) that was fitted by
 *  least squares with weights that level its error: 6e-9 in the distribution, less than the rounding of float32. */
export function gelu(x: usize, slope: usize, count: usize): void {
  for (let at: usize = 0; at < count << 2; at += 16) {
    const value = v128.load(x + at);
    const far = f32x4.abs(value);
    const density = f32x4.mul(exp(f32x4.mul(f32x4.mul(far, far), f32x4.splat(-0.5))), f32x4.splat(0.3989422804014327));
    const t = f32x4.div(f32x4.splat(1), plus(f32x4.splat(1), far, f32x4.splat(0.28)));
    let series = f32x4.splat(-0.2682881439);
    series = plus(f32x4.splat(0.9899229504), series, t);
    series = plus(f32x4.splat(-0.614807576), series, t);
    series = plus(f32x4.splat(0.6909617393), series, t);
    series = plus(f32x4.splat(0.1623529159), series, t);
    series = plus(f32x4.splat(0.2931722068), series, t);
    const beyond = f32x4.mul(density, f32x4.mul(series, t));
    const negative = f32x4.lt(value, f32x4.splat(0));
    const below = v128.bitselect(beyond, f32x4.sub(f32x4.splat(1), beyond), negative);
    v128.store(x + at, f32x4.mul(value, below));
    v128.store(slope + at, plus(below, value, density));
  }
}

/** x *= factors */
export function multiply(x: usize, factors: usize, count: usize): void {
  for (let at: usize = 0; at < count << 2; at += 16) v128.store(x + at, f32x4.mul(v128.load(x + at), v128.load(factors + at)));
}

/** A step of Adam; the rate and the root of the squares are corrected for their start at zero. */
export function adam(
  weights: usize, gradient: usize, means: usize, squares: usize, count: usize, beta1: f64, beta2: f64, rate: f32,
  correction: f32, eps: f32,
): void {
  for (let at: usize = 0; at < count << 2; at += 16) {
    const d = v128.load(gradient + at);
    const before = v128.load(means + at);
    const mean = plus(before, f32x4.splat(<f32>(1 - beta1)), f32x4.sub(d, before));
    const kept = f32x4.mul(v128.load(squares + at), f32x4.splat(<f32>beta2));
    const square = plus(kept, f32x4.splat(<f32>(1 - beta2)), f32x4.mul(d, d));
    v128.store(means + at, mean);
    v128.store(squares + at, square);
    const root = f32x4.add(f32x4.div(f32x4.sqrt(square), f32x4.splat(correction)), f32x4.splat(eps));
    v128.store(weights + at, f32x4.sub(v128.load(weights + at), f32x4.div(f32x4.mul(f32x4.splat(rate), mean), root)));
  }
}
